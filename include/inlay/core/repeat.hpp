/// repeat and ForEachIndex: loops that are unrolled when they are compiled.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

/// `ForEachIndex<std::make_index_sequence<N>>{}(f)` calls `f(std::integral_constant<std::size_t, I>{})` for I = 0, ...,
/// N - 1.
///
/// A function object, not a function that calls another: compilers copy and optimise the code of an inlined function
/// once more for every call around it, which is most of the time that a network takes to compile.
template <class Indices>
struct ForEachIndex;
template <std::size_t... I>
struct ForEachIndex<std::index_sequence<I...>> {
  template <class F>
  INLAY_INLINE constexpr void operator()(F&& f) const {
    (f(std::integral_constant<std::size_t, I>{}), ...);
  }
};

namespace detail {

template <class Indices>
struct Repeat;
template <std::size_t... I>
struct Repeat<std::index_sequence<I...>> {
  template <class F>
  INLAY_INLINE constexpr void operator()(F&& f) const {
    (f(I), ...);
  }
};

template <class Indices, std::size_t Inner>
struct RepeatPairs;
template <std::size_t... I, std::size_t Inner>
struct RepeatPairs<std::index_sequence<I...>, Inner> {
  template <class F>
  INLAY_INLINE constexpr void operator()(F&& f) const {
    (f(I / Inner, I % Inner), ...);
  }
};

}  // namespace detail

/// `repeat<N>(f)` calls `f(i)` for i = 0, ..., N - 1, unrolled. Unrolling keeps arrays of registers in registers.
template <std::size_t N>
inline constexpr detail::Repeat<std::make_index_sequence<N>> repeat{};

/// `repeat_pairs<N, M>(f)` calls `f(i, j)` for i = 0, ..., N - 1 and for each of these j = 0, ..., M - 1, unrolled.
template <std::size_t N, std::size_t M>
inline constexpr detail::RepeatPairs<std::make_index_sequence<N * M>, M> repeat_pairs{};

}  // namespace inlay::INLAY_ISA

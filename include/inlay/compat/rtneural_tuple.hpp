/// RTNeural's modelt_detail: a function for each element of a tuple. Included by rtneural.hpp.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::compat::rtneural::modelt_detail {

/// Calls `f(element, std::integral_constant<std::size_t, I>())` for the elements of a tuple at these places.
template <typename F, typename Tuple, std::size_t... I>
constexpr void forEachInTuple(F&& f, Tuple&& tuple, std::index_sequence<I...>) {
  (void(f(std::get<I>(tuple), std::integral_constant<std::size_t, I>())), ...);
}
/// For all of them.
template <typename F, typename Tuple>
constexpr void forEachInTuple(F&& f, Tuple&& tuple) {
  forEachInTuple(f, tuple, std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<Tuple>>>());
}
/// For `num` of them from number `start` on.
template <std::size_t start, std::size_t num, typename F, typename Tuple>
constexpr void forEachInTupleRange(F&& f, Tuple&& tuple) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    forEachInTuple(f, tuple, std::index_sequence<start + I...>());
  }(std::make_index_sequence<num>());
}

}  // namespace inlay::INLAY_ISA::compat::rtneural::modelt_detail

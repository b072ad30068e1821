/// FrameSpan: the values of one frame, from any container.
#pragma once

#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <span>
#include <type_traits>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Number of values of a container if its type tells, else `std::dynamic_extent`.
template <class Container>
inline constexpr std::size_t static_size = std::dynamic_extent;
template <class T, std::size_t N>
inline constexpr std::size_t static_size<T[N]> = N;
template <class T, std::size_t N>
inline constexpr std::size_t static_size<std::array<T, N>> = N;
template <class T, std::size_t N>
inline constexpr std::size_t static_size<std::span<T, N>> = N;

/// Containers of values that a `T*` can point to, one after the other.
template <class Container, class T>
concept ContiguousOf = requires(Container& c) {
  { std::size(c) } -> std::convertible_to<std::size_t>;
  requires std::is_convertible_v<std::remove_pointer_t<decltype(std::data(c))>(*)[], T(*)[]>;
};

}  // namespace detail

/// View of the N values of a frame. Made of a pointer, an array, a span, a std::vector or any contiguous container; a
/// constant one also of a list in braces, for the duration of a call. A container whose type states another size than N
/// does not compile; the size of others is a precondition, checked by `assert`.
template <class T, std::size_t N>
class FrameSpan {
 public:
  INLAY_INLINE constexpr FrameSpan(T* data) noexcept : data_(data) {}
  template <detail::ContiguousOf<T> Container>
    requires(detail::static_size<std::remove_cvref_t<Container>> == std::dynamic_extent ||
             detail::static_size<std::remove_cvref_t<Container>> == N)
  INLAY_INLINE constexpr FrameSpan(Container&& values) noexcept : data_(std::data(values)) {
    assert(std::size(values) == N);
  }
  INLAY_INLINE constexpr FrameSpan(std::initializer_list<std::remove_const_t<T>> values) noexcept
    requires std::is_const_v<T>
      : FrameSpan(std::data(values)) {
    assert(values.size() == N);
  }

  INLAY_INLINE constexpr T* data() const noexcept { return data_; }

 private:
  T* data_;
};

}  // namespace inlay::INLAY_ISA

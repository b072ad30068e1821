/// Tensor: the interface of weights to loaders. Vector: one value per channel.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>

#include "inlay/core/aligned_array.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA {

/// A logical, row-major array, independent of the storage layout. `shape()` returns its extents. `get(i)` and
/// `set(i, value)` access values by their row-major index. Not for real-time code.
template <class X>
concept Tensor = requires(X& x, const X& c, std::size_t i, typename X::value_type v) {
  { c.shape()[0] } -> std::convertible_to<std::size_t>;
  { c.get(i) } -> std::same_as<typename X::value_type>;
  x.set(i, v);
};

/// Number of values of a tensor.
constexpr std::size_t size_of(const Tensor auto& tensor) noexcept {
  std::size_t n = 1;
  for (std::size_t extent : tensor.shape()) n *= extent;
  return n;
}

/// Calls `set_each()`, which sets every value of `tensor`. Twice if values are rounded by scales that depend on all of
/// them (`IntegerWeight`): the first time for the scales.
constexpr void set_values(Tensor auto& tensor, auto&& set_each) {
  if constexpr (requires { tensor.clear_scales(); }) {
    tensor.clear_scales();
    set_each();
  }
  set_each();
}

/// One value per channel, shape [N], or the values of several gates, shape [Gates * N], gate-major. Each gate is padded
/// with zeros to whole registers.
template <class B, std::size_t N, std::size_t Gates = 1>
class Vector {
  static constexpr std::size_t padded_to_unit(std::size_t n) { return round_up(n, row_unit<B, N>); }

 public:
  using value_type = typename B::scalar;
  void resize(std::size_t size, Extent<Gates> gates = {})
    requires(N == dynamic)
  {
    size_.value = size;
    gates_ = gates;
  }
  void allocate()
    requires(N == dynamic)
  {
    data_.resize(padded() * gates_);
  }
  constexpr std::size_t padded() const noexcept { return padded_to_unit(size_); }
  constexpr std::array<std::size_t, 1> shape() const noexcept { return {size_ * gates_}; }

  constexpr value_type get(std::size_t i) const noexcept { return data_.data()[index(i)]; }
  constexpr void set(std::size_t i, value_type value) noexcept { data_.data()[index(i)] = value; }
  constexpr void fill(value_type value) noexcept {
    for (std::size_t i = 0; i < size_ * gates_; ++i) set(i, value);
  }

  INLAY_INLINE const value_type* data(std::size_t gate = 0) const noexcept { return data_.data() + gate * padded(); }

 private:
  constexpr std::size_t index(std::size_t i) const noexcept { return i / size_ * padded() + i % size_; }

  INLAY_NO_ADDRESS Extent<N> size_;
  INLAY_NO_ADDRESS Extent<Gates> gates_;
  AlignedArray<value_type, N == dynamic ? dynamic : padded_to_unit(N) * Gates> data_;
};

}  // namespace inlay::INLAY_ISA

/// What a layer keeps its weights in, and how loaders reach into it.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>

#include "inlay/core/extent.hpp"

namespace inlay {

/// A tensor is a logical, row-major array of fixed shape over whatever layout a kernel wants: `shape()`,
/// and `get` and `set` by flat row-major index. Neither is for the audio thread.
template <class X>
concept Tensor = requires(X& x, const X& c, std::size_t i, typename X::value_type v) {
  { X::shape()[0] } -> std::convertible_to<std::size_t>;
  { c.get(i) } -> std::same_as<typename X::value_type>;
  x.set(i, v);
};

/// Number of values of a tensor.
template <Tensor X>
constexpr std::size_t size_of() noexcept {
  std::size_t n = 1;
  for (std::size_t extent : X::shape()) n *= extent;
  return n;
}

/// One value per channel, shape [N], or [Gates * N] (gate-major) for the packed gates of a recurrent
/// layer; each gate is padded with zeros to whole registers.
template <class B, std::size_t N, std::size_t Gates = 1>
class Vector {
 public:
  using value_type = typename B::scalar;
  static constexpr std::size_t padded = round_up(N, B::lanes(N));
  static constexpr std::array<std::size_t, 1> shape() noexcept { return {N * Gates}; }

  value_type get(std::size_t i) const noexcept { return data_[i / N * padded + i % N]; }
  void set(std::size_t i, value_type value) noexcept { data_[i / N * padded + i % N] = value; }
  void fill(value_type value) noexcept {
    for (std::size_t i = 0; i < N * Gates; ++i) set(i, value);
  }

  const value_type* data(std::size_t gate = 0) const noexcept { return data_ + gate * padded; }

 private:
  alignas(alignment) value_type data_[padded * Gates]{};
};

}  // namespace inlay

/// bfloat16: weights in half of the memory.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

/// The upper half of a float: all of its range, and 8 of its 24 bits of precision. As a backend's third parameter it
/// halves the memory that a product reads, at the cost of an instruction for each register; sums and signals stay
/// floats.
struct bfloat16 {
  /// What a model's output may differ by, as a share of max(1, its peak), when a file's check is run.
  static constexpr double lossy_bound = 2e-2;

  bfloat16() = default;
  /// The nearest, to even from the middle.
  constexpr explicit bfloat16(float value) noexcept {
    const auto all = std::bit_cast<std::uint32_t>(value);
    const bool is_number = value == value;  // rounding up could make an infinity of a NaN
    bits = static_cast<std::uint16_t>((is_number ? all + 0x7FFF + (all >> 16 & 1) : all | 0x400000) >> 16);
  }
  constexpr explicit operator float() const noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
  std::uint16_t bits = 0;
};

/// What weights of a backend on T may be stored as.
template <class Weight, class T>
concept StoredWeight = std::same_as<Weight, T> || (std::same_as<Weight, bfloat16> && std::same_as<T, float>);

namespace detail {

template <class B>
struct WeightOf {
  using type = typename B::scalar;
};
template <class B>
  requires requires { typename B::weight; }
struct WeightOf<B> {
  using type = typename B::weight;
};

}  // namespace detail

/// What a backend stores weights as: its scalar, unless it says otherwise.
template <class B>
using weight_of = typename detail::WeightOf<B>::type;

}  // namespace inlay::INLAY_ISA

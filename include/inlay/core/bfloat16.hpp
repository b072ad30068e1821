/// bfloat16: 16-bit storage of weights.
#pragma once

#include <cstddef>
#include <cstdint>

#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

/// The upper half of a float: its full range, and 8 of its 24 bits of precision. As a backend's third parameter it
/// halves the memory traffic of products, at the cost of one instruction per register. Sums and signals stay in single
/// precision.
struct bfloat16 {
  /// Tolerance of a file's check, relative to max(1, peak of the output), when a model stores weights in this type.
  static constexpr double lossy_bound = 2e-2;

  bfloat16() = default;
  /// Rounds to nearest, ties to even. NaN stays NaN.
  constexpr explicit bfloat16(float value) noexcept {
    const auto all = internal::bit_cast<std::uint32_t>(value);
    const bool is_number = value == value;  // rounding could turn a NaN into an infinity
    bits = static_cast<std::uint16_t>((is_number ? all + 0x7FFF + (all >> 16 & 1) : all | 0x400000) >> 16);
  }
  constexpr explicit operator float() const noexcept {
    return internal::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
  std::uint16_t bits = 0;
};

}  // namespace inlay::INLAY_ISA

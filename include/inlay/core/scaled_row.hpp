/// ScaledRow: integer weights that share a scale.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/weight.hpp"

namespace inlay::INLAY_ISA::detail {

/// Number of values of type Weight that take the memory of a scale.
template <IntegerWeight Weight>
inline constexpr std::size_t values_of_scale = sizeof(float) / sizeof(Weight);

/// View of one output's weights: value `i` is `first[i * step]` times the scale. The scale is a float, whose bytes are
/// stored at `scale`. `Weight` may be const.
template <class Weight>
class ScaledRow {
  using Integer = std::remove_const_t<Weight>;
  static constexpr float largest = std::numeric_limits<Integer>::max();
  /// Times `largest` it is a number: the quotient alone could be rounded up.
  static constexpr float largest_scale =
      std::numeric_limits<float>::max() * (1 - std::numeric_limits<float>::epsilon()) / largest;
  static constexpr int bits_of_value = 8 * sizeof(Integer);

 public:
  constexpr ScaledRow(Weight* scale, Weight* first, std::size_t step, std::size_t size) noexcept
      : scale_(scale), first_(first), step_(step), size_(size) {}

  constexpr float get(std::size_t i) const noexcept { return static_cast<float>(first_[i * step_]) * scale(); }

  /// Rounds to nearest, ties to even. A value out of range raises the scale, and the row is rounded again. NaN and
  /// infinity make every value of the row NaN, until the row is cleared.
  constexpr void set(std::size_t i, float value) const noexcept {
    const float magnitude = value < 0 ? -value : value;
    const bool is_finite = magnitude <= std::numeric_limits<float>::max();
    const float needed =
        is_finite ? std::min(magnitude / largest, largest_scale) : std::numeric_limits<float>::quiet_NaN();
    if (!is_finite || needed > scale()) rescale(needed);
    first_[i * step_] = rounded(value, scale());
  }

 private:
  constexpr float scale() const noexcept {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < values_of_scale<Integer>; ++k)
      bits |= static_cast<std::uint32_t>(static_cast<std::make_unsigned_t<Integer>>(scale_[k])) << k * bits_of_value;
    return internal::bit_cast<float>(bits);
  }
  constexpr void rescale(float scale) const noexcept {
    for (std::size_t i = 0; i < size_; ++i) first_[i * step_] = rounded(get(i), scale);
    const auto bits = internal::bit_cast<std::uint32_t>(scale);
    for (std::size_t k = 0; k < values_of_scale<Integer>; ++k)
      scale_[k] = static_cast<Integer>(static_cast<std::make_unsigned_t<Integer>>(bits >> k * bits_of_value));
  }
  static constexpr Integer rounded(float value, float scale) noexcept {
    if (!(scale > 0)) return 0;  // a row of zeros, or of NaN
    const float exact = value / scale;
    if (!(exact < largest)) return static_cast<Integer>(largest);  // tiny scales are inexact
    if (exact <= -largest) return static_cast<Integer>(-largest);
    const int towards_zero = static_cast<int>(exact);
    const float rest = exact - static_cast<float>(towards_zero), distance = rest < 0 ? -rest : rest;
    const bool away = distance > 0.5f || (distance == 0.5f && towards_zero % 2 != 0);
    return static_cast<Integer>(towards_zero + (away ? (rest < 0 ? -1 : 1) : 0));
  }

  Weight *scale_, *first_;
  std::size_t step_, size_;
};

}  // namespace inlay::INLAY_ISA::detail

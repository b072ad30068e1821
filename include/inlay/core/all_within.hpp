/// all_within, all_finite: find samples that are no signal.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "inlay/core/bit_cast.hpp"

namespace inlay::internal {

/// Returns whether |x| <= limit for every value; false for NaN. It works on the bits, so that it is right with
/// -ffast-math too, and in lanes that every compiler makes of it.
template <std::floating_point T>
bool all_within(std::span<const T> x, T limit) noexcept {
  using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  constexpr Bits magnitude = std::numeric_limits<Bits>::max();
  constexpr std::size_t lanes = 64 / sizeof(T);
  const Bits bound = internal::bit_cast<Bits>(limit);
  Bits beyond[lanes] = {};  // negative if a value is beyond the limit: magnitudes are ordered as integers are
  const auto see = [&](std::size_t lane, T value) {
    beyond[lane] |= bound - (internal::bit_cast<Bits>(value) & magnitude);
  };
  std::size_t i = 0;
  for (; i + lanes <= x.size(); i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) see(lane, x[i + lane]);
  for (; i < x.size(); ++i) see(0, x[i]);
  for (std::size_t lane = 1; lane < lanes; ++lane) beyond[0] |= beyond[lane];
  return beyond[0] >= 0;
}

/// Returns whether no value is NaN or infinite.
template <std::floating_point T>
bool all_finite(std::span<const T> x) noexcept {
  return all_within(x, std::numeric_limits<T>::max());
}

}  // namespace inlay::internal

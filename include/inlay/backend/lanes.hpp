/// The rule by which SIMD backends choose a register for a run of values.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

/// Lanes of the register that holds `n` values: the widest, or the smallest that holds them all, but
/// never less than 16 bytes, the smallest register that there is.
template <class T, std::size_t Width>
constexpr std::size_t simd_lanes(std::size_t n) {
  const std::size_t least = std::min<std::size_t>(Width, 16 / sizeof(T));
  return std::clamp(std::bit_ceil(n), least, Width);
}

}  // namespace inlay::INLAY_ISA

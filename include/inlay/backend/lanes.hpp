/// simd_lanes: selects the register size of SIMD backends.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

/// Lanes of the register for a run of `n` values of type T: the smallest register that holds all of them, or the widest
/// (`Width` lanes). No register is smaller than 16 bytes.
template <class T, std::size_t Width>
constexpr std::size_t simd_lanes(std::size_t n) {
  const std::size_t least = std::min<std::size_t>(Width, 16 / sizeof(T));
  return std::clamp(std::bit_ceil(n), least, Width);
}

}  // namespace inlay::INLAY_ISA

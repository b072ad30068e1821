/// Length of a tile.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

/// Largest number of frames of a tile. Fixed, so that the size of scratch memory is a compile-time constant. A multiple
/// of every register width, so that kernels have no remainder.
inline constexpr std::size_t tile_frames = 64;

}  // namespace inlay::INLAY_ISA

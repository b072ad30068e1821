/// Length of a tile.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

/// Largest number of frames of a tile. Fixed, so that the size of scratch memory is a compile-time constant. A multiple
/// of every register width, so that kernels have no remainder.
///
/// A state's scratch memory, and the memory of layers that look back, grow with it. Longer tiles cost fewer calls a
/// frame. 64, or 16 on a microcontroller. Define `INLAY_TILE_FRAMES` as another multiple of 16, the same in all files
/// of a program; files that disagree do not link.
#if defined(INLAY_TILE_FRAMES)
inline constexpr std::size_t tile_frames = INLAY_TILE_FRAMES;
#else
inline constexpr std::size_t tile_frames = INLAY_MICROCONTROLLER ? 16 : 64;
#endif
static_assert(tile_frames > 0 && tile_frames % 16 == 0, "INLAY_TILE_FRAMES must be a multiple of 16");

}  // namespace inlay::INLAY_ISA

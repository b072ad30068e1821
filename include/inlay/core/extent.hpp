/// Sizes that the whole engine agrees on: alignment, padding, and the length of a tile.
#pragma once

#include <cstddef>
#include <limits>

namespace inlay {

/// Receptive field of a layer that never forgets (a recurrent one).
inline constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

/// A block is cut into tiles of this many frames, so that scratch memory is a compile-time constant.
/// A multiple of every register width, so that no kernel has a remainder to treat.
inline constexpr std::size_t tile_frames = 64;

/// Alignment of weights, state and scratch in bytes: the widest register, and a cache line.
inline constexpr std::size_t alignment = 64;

/// `n` rounded up to a whole multiple of `unit`.
constexpr std::size_t round_up(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

/// Elements of type T that a frame of `channels` values occupies: whole cache lines, so that any
/// backend may load and store whole registers.
template <class T>
constexpr std::size_t padded_frame(std::size_t channels) {
  return round_up(channels, alignment / sizeof(T));
}

}  // namespace inlay

/// Cutting the caller's buffers into tiles.
#pragma once

#include <algorithm>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA::detail {

/// Numbers of channels of a model.
struct ChannelCounts {
  std::size_t in, out, condition;
};
/// A model's tiles in scratch memory.
template <class T>
struct Tiles {
  Block<T> in, out, condition;
};

/// Copies `count` frames of the caller's input and condition, from frame `first` on, into the tiles.
template <class T>
INLAY_INLINE void load_tile(ChannelCounts channels, Tiles<T> tiles, const T* const* in, Condition<T> condition,
                            std::size_t first, std::size_t count) noexcept {
  const std::size_t side_channels = channels.condition - condition.values.size();
  for (std::size_t c = 0; c < channels.in; ++c) copy_row(in[c] + first, count, tiles.in.row(c));
  for (std::size_t c = 0; c < side_channels; ++c)
    copy_row(condition.channels[c] + first, count, tiles.condition.row(c));
  for (std::size_t c = side_channels; c < channels.condition; ++c)
    std::fill_n(tiles.condition.row(c), tile_frames, condition.values[c - side_channels]);
}

/// Copies `count` frames of the output tile to the caller's buffers, from frame `first` on.
template <class T>
INLAY_INLINE void store_tile(ChannelCounts channels, Tiles<T> tiles, T* const* out, std::size_t first,
                             std::size_t count) noexcept {
  for (std::size_t c = 0; c < channels.out; ++c) copy_row(tiles.out.row(c), count, out[c] + first);
}

/// Runs the caller's frames in tiles of at most `tile` frames. `run(frames)` processes one tile and returns its number
/// of output frames. Returns the total.
template <class T, class F>
INLAY_INLINE std::size_t for_each_tile(ChannelCounts channels, Tiles<T> tiles, std::size_t tile, const T* const* in,
                                       T* const* out, std::size_t frames, Condition<T> condition, F&& run) noexcept {
  std::size_t written = 0;
  for (std::size_t first = 0; first < frames; first += tile) {
    const std::size_t count = std::min(frames - first, tile);
    load_tile(channels, tiles, in, condition, first, count);
    const std::size_t output_frames = run(count);
    store_tile(channels, tiles, out, written, output_frames);
    written += output_frames;
  }
  return written;
}

}  // namespace inlay::INLAY_ISA::detail

/// Frames: a signal of any length as a sequence of tiles.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA::detail {

/// View of `count` frames of `channels` channels, stored as consecutive tiles.
template <class T>
struct Frames {
  T* data;
  std::size_t channels, count = 0;

  /// Number of values that `count` frames occupy.
  static constexpr std::size_t room(std::size_t channels, std::size_t count) {
    return bounded((std::uint64_t{count} + tile_frames - 1) / tile_frames * tile_frames * channels);
  }

  Block<T> tile(std::size_t i) const noexcept { return Block<T>(data + i * tile_frames * channels); }
  T& at(std::size_t channel, std::size_t frame) const noexcept {
    return tile(frame / tile_frames).row(channel)[frame % tile_frames];
  }

  /// Appends the last `window` frames of a signal.
  void append(const Window<T>& x, std::size_t window) noexcept {
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t t = 0; t < window; ++t) at(c, count + t) = *x.at(c, window - 1 - t);
    count += window;
  }
  /// Appends a tile of `given` frames.
  void append(Block<const T> frames, std::size_t frame_count) noexcept {
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t t = 0; t < frame_count; ++t) at(c, count + t) = frames.row(c)[t];
    count += frame_count;
  }
  /// Appends `zeros` frames of zeros.
  void append_zeros(std::size_t zeros) noexcept {
    for (std::size_t t = 0; t < zeros; ++t, ++count)
      for (std::size_t c = 0; c < channels; ++c) at(c, count) = 0;
  }
  /// Drops all but the last frame.
  void keep_last() noexcept {
    if (count <= 1) return;
    for (std::size_t c = 0; c < channels; ++c) at(c, 0) = at(c, count - 1);
    count = 1;
  }
  /// Writes channel c of the last frame to out[c * stride], or zeros if there are no frames.
  void last(T* out, std::size_t stride) const noexcept {
    for (std::size_t c = 0; c < channels; ++c) out[c * stride] = count == 0 ? T(0) : at(c, count - 1);
  }

  /// Calls `f(tile, frames)` for each tile in order.
  template <class F>
  void for_each_tile(F&& f) const noexcept {
    for (std::size_t first = 0; first < count; first += tile_frames)
      f(tile(first / tile_frames), std::min(count - first, tile_frames));
  }
};

}  // namespace inlay::INLAY_ISA::detail

/// History: the last frames of a planar signal, always readable as one straight run per channel.
#pragma once

#include <algorithm>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/extent.hpp"

namespace inlay {

/// Holds the last `Past` frames of `Channels` channels beside the present tile.
///
/// A ring of `length` frames written twice, at p and at p + length, so that any run that ends at the
/// newest frame is contiguous in the second copy; a tile that crosses the end of the ring runs on behind
/// it. Every frame costs the same, however long the past is: there is no moment at which a buffer is moved.
template <class T, std::size_t Channels, std::size_t Past>
class History {
  static constexpr std::size_t length = round_up(Past, tile_frames) + tile_frames;

 public:
  /// Values from one channel to the next. The spare cache line lets kernels read whole registers, and
  /// keeps channels from falling into the same cache sets.
  static constexpr std::size_t stride = 2 * length + tile_frames + alignment / sizeof(T);

  void clear() noexcept {
    std::fill_n(data_, Channels * stride, T(0));
    position_ = 0;
  }

  /// Appends up to `tile_frames` frames and returns where the first of them stands in channel 0. The
  /// past is before it; other channels are `stride` further.
  const T* push(Block<const T> in, std::size_t frames) noexcept {
    const std::size_t before_end = std::min(frames, length - position_);
    for (std::size_t c = 0; c < Channels; ++c) {
      const T* from = in.row(c);
      T* ring = data_ + c * stride;
      T* second = ring + length;
      copy(from, frames, second + position_);
      copy(from, before_end, ring + position_);
      copy(from + before_end, frames - before_end, ring);
      copy(from + before_end, frames - before_end, second);
    }
    return advance(frames);
  }

  /// Appends one frame.
  const T* push(const T* in) noexcept {
    for (std::size_t c = 0; c < Channels; ++c) {
      T* at = data_ + c * stride + position_;
      at[0] = at[length] = in[c];
    }
    return advance(1);
  }

 private:
  const T* advance(std::size_t frames) noexcept {
    const T* first = data_ + length + position_;
    position_ += frames;
    if (position_ >= length) position_ -= length;
    return first;
  }

  alignas(alignment) T data_[Channels * stride]{};
  std::size_t position_ = 0;
};

}  // namespace inlay

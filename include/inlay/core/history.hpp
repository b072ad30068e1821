/// History: the last frames of a signal, for layers that look back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"

namespace inlay {

/// View of the present and the past of a signal.
template <class T>
struct Window {
  const T* now;  ///< channel 0 of the present frame, or of the first frame of the present tile
  std::size_t channel_stride;
  std::size_t frame_stride;  ///< 1 for a tile: its frames, and those before it, are one run for each channel

  /// Channel `channel`, `back` frames ago.
  INLAY_INLINE const T* at(std::size_t channel, std::size_t back) const noexcept {
    return now + channel * channel_stride - back * frame_stride;
  }
  /// The same view `frames` frames later, within a tile.
  INLAY_INLINE Window later(std::size_t frames) const noexcept {
    return {now + frames * frame_stride, channel_stride, frame_stride};
  }
  /// The same view from `channel` on.
  INLAY_INLINE Window from(std::size_t channel) const noexcept {
    return {now + channel * channel_stride, channel_stride, frame_stride};
  }
};

namespace detail {

/// A long past: a planar ring of `length` frames written twice, at p and at p + length, so that any run that
/// ends at the newest frame is contiguous in the second copy; a tile that crosses the end of the ring runs
/// on behind it. Every frame costs the same, however long the past is: nothing is ever moved.
template <class T, std::size_t Channels, std::size_t Past>
class LongHistory {
  static constexpr std::size_t length = round_up(Past, tile_frames) + tile_frames;
  // The spare cache line lets kernels read whole registers, and keeps channels out of each other's cache sets.
  static constexpr std::size_t stride = 2 * length + tile_frames + alignment / sizeof(T);

 public:
  void clear() noexcept {
    std::fill_n(data_, Channels * stride, T(0));
    position_ = 0;
  }

  Window<T> push(Block<const T> in, std::size_t frames) noexcept {
    const std::size_t before_end = std::min(frames, length - position_);
    for (std::size_t c = 0; c < Channels; ++c) {
      const T* from = in.row(c);
      T* ring = data_ + c * stride;
      T* second = ring + length;
      copy_row(from, frames, second + position_);
      copy_row(from, before_end, ring + position_);
      copy_row(from + before_end, frames - before_end, ring);
      copy_row(from + before_end, frames - before_end, second);
    }
    return advance(frames);
  }

  INLAY_INLINE Window<T> push(const T* in) noexcept {
    for (std::size_t c = 0; c < Channels; ++c) {
      T* at = data_ + c * stride + position_;
      at[0] = at[length] = in[c];
    }
    return advance(1);
  }

 private:
  INLAY_INLINE Window<T> advance(std::size_t frames) noexcept {
    const T* now = data_ + length + position_;
    position_ += frames;
    if (position_ >= length) position_ -= length;
    return {now, stride, 1};
  }

  alignas(alignment) T data_[Channels * stride]{};
  std::size_t position_ = 0;
};

/// A short past, no longer than a tile, in the form that each kind of work reads fastest: tiles planar, single
/// frames as frames, which are fewer cache lines. Going from one kind to the other moves the past over once,
/// less work than a tile is.
template <class T, std::size_t Channels, std::size_t Past>
class ShortHistory {
  static constexpr std::size_t lead = round_up(Past, alignment / sizeof(T));  // a tile begins on a cache line
  static constexpr std::size_t stride = lead + tile_frames + alignment / sizeof(T);
  static constexpr std::size_t frame = Channels == 1 ? 1 : padded_frame<T>(Channels);
  static constexpr std::size_t length = Past + 1;

 public:
  void clear() noexcept { *this = {}; }

  Window<T> push(Block<const T> in, std::size_t frames) noexcept {
    for (std::size_t c = 0; c < Channels; ++c) {
      T* row = rows_ + c * stride;
      if (!planar_) {
        for (std::size_t i = 0; i < Past; ++i) row[lead - Past + i] = ring_[(position_ + 1 + i) * frame + c];
      } else {
        std::copy_n(row + filled_, lead, row);  // may overlap
      }
      copy_row(in.row(c), frames, row + lead);
    }
    planar_ = true;
    filled_ = frames;
    return {rows_ + lead, stride, 1};
  }

  INLAY_INLINE Window<T> push(const T* in) noexcept {
    if (planar_) to_frames();
    // Written twice, as in a long history.
    T* at = ring_ + position_ * frame;
    copy(in, Channels, at);
    copy(in, Channels, at + length * frame);
    position_ = position_ + 1 == length ? 0 : position_ + 1;
    return {at + length * frame, 1, frame};
  }

 private:
  void to_frames() noexcept {
    for (std::size_t i = 0; i < Past; ++i)
      for (std::size_t c = 0; c < Channels; ++c)
        ring_[i * frame + c] = ring_[(length + i) * frame + c] = rows_[c * stride + lead - Past + filled_ + i];
    planar_ = false;
    position_ = Past;
  }

  alignas(alignment) T rows_[Channels * stride]{};
  alignas(alignment) T ring_[2 * length * frame]{};
  std::size_t filled_ = 0;    ///< frames of the last tile
  std::size_t position_ = 0;  ///< where the next frame goes
  bool planar_ = false;       ///< which of the two holds the past
};

}  // namespace detail

/// Remembers the last `Past` frames of `Channels` channels; zero before the start.
///
/// `clear()` goes to the start of a signal. `push(in, frames)` appends up to `tile_frames` frames of a tile,
/// and `push(in)` one frame; both return the view of what was appended and of the `Past` frames before it,
/// valid until the next push. Behind a tile there is room to read whole registers.
template <class T, std::size_t Channels, std::size_t Past>
using History = std::conditional_t<(Past <= tile_frames), detail::ShortHistory<T, Channels, Past>,
                                   detail::LongHistory<T, Channels, Past>>;

}  // namespace inlay

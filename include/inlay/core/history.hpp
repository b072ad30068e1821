/// History: the last frames of a signal, for layers that look back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA {

/// View of the present and past frames of a signal.
template <class T>
struct Window {
  const T* now;  ///< channel 0 of the present frame, or of the first frame of the present tile
  std::size_t channel_stride;
  std::size_t frame_stride;  ///< 1 for a tile: past and present frames of a channel are contiguous

  /// Address of channel `channel`, `back` frames ago.
  INLAY_INLINE const T* at(std::size_t channel, std::size_t back) const noexcept {
    return now + channel * channel_stride - back * frame_stride;
  }
  /// The view from `frames` frames later, within a tile.
  INLAY_INLINE Window later(std::size_t frames) const noexcept {
    return {now + frames * frame_stride, channel_stride, frame_stride};
  }
  /// The view of the channels from `channel` on.
  INLAY_INLINE Window from(std::size_t channel) const noexcept {
    return {now + channel * channel_stride, channel_stride, frame_stride};
  }
};

namespace detail {

/// History of a long past: one planar ring buffer of `length` frames per channel. Every frame is written twice, at p
/// and at p + length, so that any run that ends at the newest frame is contiguous in the second copy. A tile that
/// crosses the end of the ring continues behind it. Nothing is ever moved, and the cost of a frame does not depend on
/// the length.
template <class T, std::size_t Channels, std::size_t Past>
class LongHistory {
  static constexpr std::size_t length_of(std::size_t past) { return round_up(past, tile_frames) + tile_frames; }
  // The extra cache line lets kernels read whole registers, and maps channels to different cache sets.
  static constexpr std::size_t stride_of(std::size_t past) {
    return 2 * length_of(past) + tile_frames + alignment / sizeof(T);
  }

 public:
  void resize(std::size_t channels, std::size_t past)
    requires(Past == dynamic)
  {
    channels_.value = channels, past_.value = past;
    data_.resize(channels * stride_of(past));
  }
  void clear() noexcept {
    data_.clear();
    position_ = 0;
  }

  Window<T> push(Block<const T> in, std::size_t frames) noexcept {
    const std::size_t length = length_of(past_), before_end = std::min(frames, length - position_);
    for (std::size_t c = 0; c < channels_; ++c) {
      const T* from = in.row(c);
      T* ring = data_.data() + c * stride_of(past_);
      T* second = ring + length;
      if constexpr (!compiler::has_vectors)  // copies of a fixed length take a third of the instructions
        if (frames == tile_frames && before_end == frames) {
          copy(from, tile_frames, ring + position_);
          copy(from, tile_frames, second + position_);
          continue;
        }
      copy_row(from, frames, second + position_);
      copy_row(from, before_end, ring + position_);
      copy_row(from + before_end, frames - before_end, ring);
      copy_row(from + before_end, frames - before_end, second);
    }
    return advance(frames);
  }

  INLAY_INLINE Window<T> push(const T* in) noexcept {
    for (std::size_t c = 0; c < channels_; ++c) {
      T* slot = data_.data() + c * stride_of(past_) + position_;
      slot[0] = slot[length_of(past_)] = in[c];
    }
    return advance(1);
  }

 private:
  INLAY_INLINE Window<T> advance(std::size_t frames) noexcept {
    const std::size_t length = length_of(past_);
    const T* now = data_.data() + length + position_;
    position_ += frames;
    if (position_ >= length) position_ -= length;
    return {now, stride_of(past_), 1};
  }

  INLAY_NO_ADDRESS Extent<Channels> channels_;
  INLAY_NO_ADDRESS Extent<Past> past_;
  AlignedArray<T, Past == dynamic ? dynamic : Channels * stride_of(Past)> data_;
  std::size_t position_ = 0;
};

/// History of a short past, of at most a tile. Stores it in the form that is fastest to read: planar for tiles,
/// frame-major for single frames, which touch fewer cache lines. Switching between `push` of tiles and of frames
/// converts the past once, which costs less than a tile.
template <class T, std::size_t Channels, std::size_t Past>
class ShortHistory {
  // Tiles start at a cache line.
  static constexpr std::size_t lead_of(std::size_t past) { return round_up(past, alignment / sizeof(T)); }
  static constexpr std::size_t stride_of(std::size_t past) {
    return lead_of(past) + tile_frames + alignment / sizeof(T);
  }
  static constexpr std::size_t frame_of(std::size_t channels) { return channels == 1 ? 1 : padded_frame<T>(channels); }

 public:
  void resize(std::size_t channels, std::size_t past)
    requires(Past == dynamic)
  {
    channels_.value = channels, past_.value = past;
    frame_.value = frame_of(channels), length_.value = (past + 1) * frame_;
    rows_.resize(channels * stride_of(past));
    ring_.resize(2 * length_);
  }
  void clear() noexcept {
    rows_.clear();
    ring_.clear();
    filled_ = position_ = 0;
    planar_ = false;
  }

  Window<T> push(Block<const T> in, std::size_t frames) noexcept {
    const std::size_t lead = lead_of(past_), stride = stride_of(past_);
    for (std::size_t c = 0; c < channels_; ++c) {
      T* row = rows_.data() + c * stride;
      if (!planar_) {
        const T* ring = ring_.data() + position_ + frame_ + c;
        for (std::size_t i = 0; i < past_; ++i) row[lead - past_ + i] = ring[i * frame_];
      } else {
        std::copy_n(row + filled_, lead, row);  // may overlap
      }
      copy_row(in.row(c), frames, row + lead);
    }
    planar_ = true;
    filled_ = frames;
    return {rows_.data() + lead, stride, 1};
  }

  INLAY_INLINE Window<T> push(const T* in) noexcept {
    if (planar_) to_frames();
    // Written twice, as in `LongHistory`.
    T* const first = ring_.data() + position_;
    T* const second = first + length_;
    position_ = position_ + frame_ == length_ ? 0 : position_ + frame_;
    if (frame_ == 1) first[0] = second[0] = in[0];
    else copy_frame_twice(in, channels_, first, second);
    return {second, 1, frame_};
  }

 private:
  /// Converts the past from planar to frame-major.
  INLAY_NOINLINE void to_frames() noexcept {
    const std::size_t lead = lead_of(past_), stride = stride_of(past_);
    T* ring = ring_.data();
    for (std::size_t i = 0; i < past_; ++i)
      for (std::size_t c = 0; c < channels_; ++c)
        ring[i * frame_ + c] = ring[length_ + i * frame_ + c] = rows_.data()[c * stride + lead - past_ + filled_ + i];
    planar_ = false;
    position_ = past_ * frame_;
  }

  INLAY_NO_ADDRESS Extent<Channels> channels_;
  INLAY_NO_ADDRESS Extent<Past> past_;
  static constexpr bool is_dynamic = Past == dynamic;
  INLAY_NO_ADDRESS Extent<is_dynamic ? dynamic : frame_of(Channels), struct OfFrame> frame_;  ///< values
  INLAY_NO_ADDRESS Extent<is_dynamic ? dynamic : (Past + 1) * frame_of(Channels), struct OfLength> length_;
  AlignedArray<T, is_dynamic ? dynamic : Channels * stride_of(Past)> rows_;
  AlignedArray<T, is_dynamic ? dynamic : 2 * (Past + 1) * frame_of(Channels)> ring_;
  std::size_t filled_ = 0;    ///< frames of the last tile
  std::size_t position_ = 0;  ///< offset of the next frame in the ring
  bool planar_ = false;       ///< true if `rows_` holds the past, false if `ring_` does
};

/// History of dynamic sizes: short or long, as the past requires.
template <class T>
class DynamicHistory {
 public:
  void resize(std::size_t channels, std::size_t past) {
    long_ = past > tile_frames;
    if (long_) far_.resize(channels, past);
    else near_.resize(channels, past);
  }
  void clear() noexcept {
    near_.clear();
    far_.clear();
  }
  INLAY_NOINLINE Window<T> push(Block<const T> in, std::size_t frames) noexcept {
    return long_ ? far_.push(in, frames) : near_.push(in, frames);
  }
  Window<T> push(const T* in) noexcept { return long_ ? far_.push(in) : near_.push(in); }

 private:
  ShortHistory<T, dynamic, dynamic> near_;
  LongHistory<T, dynamic, dynamic> far_;
  bool long_ = false;
};

/// No past: returns a view of the input itself.
template <class T>
class NoHistory {
 public:
  static void clear() noexcept {}
  static Window<T> push(Block<const T> in, std::size_t) noexcept { return {in.row(0), tile_frames, 1}; }
  static INLAY_INLINE Window<T> push(const T* in) noexcept { return {in, 1, 0}; }
};

template <class T, std::size_t Channels, std::size_t Past>
struct ChooseHistory {
  using type =
      std::conditional_t<(Past <= tile_frames), ShortHistory<T, Channels, Past>, LongHistory<T, Channels, Past>>;
};
template <class T, std::size_t Channels>
struct ChooseHistory<T, Channels, 0> {
  using type = NoHistory<T>;
};
template <class T>
struct ChooseHistory<T, dynamic, dynamic> {
  using type = DynamicHistory<T>;
};

}  // namespace detail

/// Stores the last `Past` frames of `Channels` channels. All are zero before the start of the signal.
///
/// `clear()` returns to the start of a signal. `push(in, frames)` appends a tile of up to `tile_frames` frames,
/// `push(in)` one frame. Both return a view of the appended frames and of the `Past` frames before them, valid until
/// the next push. Whole registers may be read beyond the end of a tile.
template <class T, std::size_t Channels, std::size_t Past>
using History = typename detail::ChooseHistory<T, Channels, Past>::type;

}  // namespace inlay::INLAY_ISA

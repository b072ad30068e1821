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

/// Frames that lie one behind the other in memory.
struct Unbroken {
  static constexpr std::size_t wrap(std::size_t) noexcept { return 0; }
  INLAY_INLINE Unbroken later(std::size_t) const noexcept { return {}; }
};
/// Frames of a ring. A run of up to a tile is contiguous, wherever it starts.
struct Ring {
  std::size_t before, length;  ///< frames between the start of the ring and the present frame, and of the whole ring

  /// The frames to add to the address of the frame `back` frames ago.
  INLAY_INLINE std::size_t wrap(std::size_t back) const noexcept { return back > before ? length : 0; }
  INLAY_INLINE Ring later(std::size_t frames) const noexcept { return {before + frames, length}; }
};

/// View of the present and past frames of a signal. `Past` is `Unbroken` if it is known when the code is compiled that
/// they do not wrap.
template <class T, class Past = Ring>
struct Window {
  const T* now;  ///< channel 0 of the present frame, or of the first frame of the present tile
  std::size_t channel_stride;
  std::size_t frame_stride;  ///< 1 for a tile: the frames of a run are contiguous
  INLAY_NO_ADDRESS Past past{};

  /// Address of channel `channel`, `back` frames ago.
  INLAY_INLINE const T* at(std::size_t channel, std::size_t back) const noexcept {
    return now + channel * channel_stride + offset(back) * static_cast<std::ptrdiff_t>(frame_stride);
  }
  /// Address of channel 0 of the run that starts `back` frames before a tile, whose frame stride is 1.
  INLAY_INLINE const T* run(std::size_t back) const noexcept { return now + offset(back); }
  /// The view from `frames` frames later, within a tile.
  INLAY_INLINE Window later(std::size_t frames) const noexcept {
    return {now + frames * frame_stride, channel_stride, frame_stride, past.later(frames)};
  }
  /// The view of the channels from `channel` on.
  INLAY_INLINE Window from(std::size_t channel) const noexcept {
    return {now + channel * channel_stride, channel_stride, frame_stride, past};
  }
  /// The same view, as a type that also stands for rings.
  INLAY_INLINE operator Window<T, Ring>() const noexcept
    requires(std::is_same_v<Past, Unbroken>)
  {
    return {now, channel_stride, frame_stride, {0, 0}};
  }

  /// Frames from the present one to the one `back` frames ago, in memory.
  INLAY_INLINE std::ptrdiff_t offset(std::size_t back) const noexcept {
    return static_cast<std::ptrdiff_t>(past.wrap(back) - back);
  }
};

namespace detail {

/// History of a long past: one planar ring of `length` frames per channel, and behind it a mirror of the ring's first
/// frames, so that a run of a tile is contiguous wherever it starts. Nothing is ever moved, and the cost of a frame
/// does not depend on the length.
///
/// The mirror has the length of a tile. That of an `Unbroken` past has the length of the ring: the newest frame is in
/// the mirror, and all of the past before it.
template <class T, std::size_t Channels, std::size_t Past, class Wrap>
class LongHistory {
  static constexpr bool unbroken = std::is_same_v<Wrap, Unbroken>;
  static constexpr std::size_t length_of(std::size_t past) { return round_up(past, tile_frames) + tile_frames; }
  static constexpr std::size_t mirror_of(std::size_t past) { return (unbroken ? length_of(past) : 0) + tile_frames; }
  // The extra cache line lets kernels read whole registers, and maps channels to different cache sets.
  static constexpr std::size_t stride_of(std::size_t past) {
    return length_of(past) + mirror_of(past) + alignment / sizeof(T);
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

  Window<T, Wrap> push(Block<const T> in, std::size_t frames) noexcept {
    const std::size_t length = length_of(past_), before_end = std::min(frames, length - position_);
    const std::size_t mirrored = std::min(frames, mirror_of(past_) - std::min(position_, mirror_of(past_)));
    for (std::size_t c = 0; c < channels_; ++c) {
      const T* from = in.row(c);
      T* ring = data_.data() + c * stride_of(past_);
      T* now = ring + position_;
      copy_row(from, frames, now);
      if (mirrored > 0) copy_row(from, mirrored, now + length);
      if (before_end < frames) copy_row(from + before_end, frames - before_end, ring);
    }
    return advance(frames);
  }

  INLAY_INLINE Window<T, Wrap> push(const T* in) noexcept {
    const std::size_t mirror = unbroken || position_ < mirror_of(past_) ? length_of(past_) : 0;
    for (std::size_t c = 0; c < channels_; ++c) {
      T* slot = data_.data() + c * stride_of(past_) + position_;
      slot[0] = slot[mirror] = in[c];
    }
    return advance(1);
  }

 private:
  INLAY_INLINE Window<T, Wrap> advance(std::size_t frames) noexcept {
    const std::size_t length = length_of(past_), position = position_;
    position_ += frames;
    if (position_ >= length) position_ -= length;
    const T* const now = data_.data() + position;
    if constexpr (unbroken) return {now + length, stride_of(past_), 1};
    else return {now, stride_of(past_), 1, {position, length}};
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

  Window<T, Unbroken> push(Block<const T> in, std::size_t frames) noexcept {
    const std::size_t lead = lead_of(past_), stride = stride_of(past_);
    for (std::size_t c = 0; c < channels_; ++c) {
      T* row = rows_.data() + c * stride;
      if (!planar_) {
        const T* ring = ring_.data() + position_ + frame_ + c;
        for (std::size_t i = 0; i < past_; ++i) row[lead - past_ + i] = ring[i * frame_];
      } else {
        move_row(row, filled_, lead);
      }
      copy_row(in.row(c), frames, row + lead);
    }
    planar_ = true;
    filled_ = frames;
    return {rows_.data() + lead, stride, 1};
  }

  INLAY_INLINE Window<T, Unbroken> push(const T* in) noexcept {
    if (planar_) to_frames();
    // A ring that is written twice: the second copy of the newest frame has all of the past before it.
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

/// History of dynamic sizes: short or long, as the past requires. If the kernels read a past as if it did not wrap,
/// it is stored so.
template <class T>
class DynamicHistory {
  enum class Kind { brief, ring, unbroken };

 public:
  void resize(std::size_t channels, std::size_t past, bool unbroken = false) {
    kind_ = past <= tile_frames ? Kind::brief : unbroken ? Kind::unbroken : Kind::ring;
    if (kind_ == Kind::brief) brief_.resize(channels, past);
    else if (kind_ == Kind::ring) ring_.resize(channels, past);
    else unbroken_.resize(channels, past);
  }
  void clear() noexcept {
    brief_.clear();
    ring_.clear();
    unbroken_.clear();
  }
  INLAY_NOINLINE Window<T> push(Block<const T> in, std::size_t frames) noexcept {
    if (kind_ == Kind::brief) return brief_.push(in, frames);
    return kind_ == Kind::ring ? ring_.push(in, frames) : unbroken_.push(in, frames);
  }
  Window<T> push(const T* in) noexcept {
    if (kind_ == Kind::brief) return brief_.push(in);
    return kind_ == Kind::ring ? ring_.push(in) : Window<T>(unbroken_.push(in));
  }

 private:
  ShortHistory<T, dynamic, dynamic> brief_;
  LongHistory<T, dynamic, dynamic, Ring> ring_;
  LongHistory<T, dynamic, dynamic, Unbroken> unbroken_;
  Kind kind_ = Kind::brief;
};

/// No past: returns a view of the input itself.
template <class T>
class NoHistory {
 public:
  static void clear() noexcept {}
  static Window<T, Unbroken> push(Block<const T> in, std::size_t) noexcept { return {in.row(0), tile_frames, 1}; }
  static INLAY_INLINE Window<T, Unbroken> push(const T* in) noexcept { return {in, 1, 0}; }
};

template <class T, std::size_t Channels, std::size_t Past, class Wrap>
struct ChooseHistory {
  using type =
      std::conditional_t<(Past <= tile_frames), ShortHistory<T, Channels, Past>, LongHistory<T, Channels, Past, Wrap>>;
};
template <class T, std::size_t Channels, class Wrap>
struct ChooseHistory<T, Channels, 0, Wrap> {
  using type = NoHistory<T>;
};
template <class T, class Wrap>
struct ChooseHistory<T, dynamic, dynamic, Wrap> {
  using type = DynamicHistory<T>;
};

}  // namespace detail

/// Stores the last `Past` frames of `Channels` channels. All are zero before the start of the signal.
///
/// `clear()` returns to the start of a signal. `push(in, frames)` appends a tile of up to `tile_frames` frames,
/// `push(in)` one frame. Both return a `Window` of the appended frames and of the `Past` frames before them, valid
/// until the next push. Whole registers may be read beyond the end of a tile.
///
/// `Wrap` is `Unbroken` for kernels that read a channel's past without `Window::at`, as one run. A past of more than a
/// tile then takes twice the memory.
template <class T, std::size_t Channels, std::size_t Past, class Wrap = Ring>
using History = typename detail::ChooseHistory<T, Channels, Past, Wrap>::type;

}  // namespace inlay::INLAY_ISA

/// BlockModulation: scales and shifts for the frames of a block, made from the largest values of that block.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include "inlay/backend/loop.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA::detail {

/// The state of a `TFiLM` of `Size` channels apart from its layers. Blocks of `Frames` frames begin at frame `Offset`.
template <class T, std::size_t Size, std::size_t Frames, std::size_t Offset>
class BlockModulation {
  static constexpr bool is_dynamic = Size == dynamic;
  static constexpr std::size_t past = is_dynamic ? dynamic : Frames - 1;
  static constexpr std::size_t room(std::size_t values) { return padded_frame<T>(values); }

 public:
  void resize(std::size_t size, std::size_t frames, std::size_t offset)
    requires(is_dynamic)
  {
    size_.value = size, frames_.value = frames, offset_.value = offset;
    history_.resize(size, frames - 1);
    largest_.resize(room(size));
    modulation_.resize(room(2 * size));
    clear();
  }
  void clear() noexcept {
    history_.clear();
    modulation_.clear();
    start_block();
    left_ = offset_ + frames_;
  }

  /// Runs `frames` frames. Channel c of frame t is at in[c * stride + t], and out[c * stride + t]. At the end of a
  /// block `layers(largest, modulation)` computes the scales from the largest value of each channel and, with `shifts`,
  /// the shifts behind them.
  INLAY_INLINE void run(const T* in, T* out, std::size_t stride, std::size_t frames, bool shifts,
                        const auto& past_frames, auto&& layers) noexcept {
    std::size_t given = 0, taken = 0;
    for (;;) {
      const std::size_t count = std::min(frames - taken, left_);
      const std::size_t before = left_ > frames_ ? std::min(count, left_ - frames_) : 0;  // frames before `offset`
      for (std::size_t c = 0; c < size_; ++c) largest(c, in + c * stride + taken + before, count - before);
      taken += count, left_ -= count;
      if (left_ > 0) break;
      // The last frame of a block gives the first one of the delayed block.
      modulate(past_frames, out, stride, given, taken - 1, shifts);
      given = taken - 1;
      layers(static_cast<const T*>(largest_.data()), modulation_.data());
      start_block();
    }
    modulate(past_frames, out, stride, given, frames, shifts);
  }
  /// Appends frames to the history and returns a view of them.
  auto push(const T* in) noexcept { return history_.push(in); }
  auto push(Block<const T> in, std::size_t frames) noexcept { return history_.push(in, frames); }

 private:
  void start_block() noexcept {
    std::fill_n(largest_.data(), std::size_t(size_), -std::numeric_limits<T>::infinity());
    left_ = frames_;
  }
  /// Takes `count` values of a channel into account, in lanes. NaN is ignored.
  INLAY_INLINE void largest(std::size_t channel, const T* x, std::size_t count) noexcept {
    constexpr std::size_t lanes = 32 / sizeof(T);
    T most = largest_.data()[channel];
    if (count >= lanes) {
      T of_lane[lanes];
      std::fill_n(of_lane, lanes, most);
      for (; count >= lanes; count -= lanes, x += lanes)
        for (std::size_t i = 0; i < lanes; ++i) of_lane[i] = x[i] > of_lane[i] ? x[i] : of_lane[i];
      for (const T each : of_lane) most = each > most ? each : most;
    }
    for (; count > 0; --count, ++x) most = *x > most ? *x : most;
    largest_.data()[channel] = most + T(0);  // 0 for -0, whichever came first
  }
  INLAY_INLINE void modulate(const auto& x, T* out, std::size_t stride, std::size_t from, std::size_t to,
                             bool shifts) const noexcept {
    for (std::size_t c = 0; c < size_; ++c) {
      const T scale = modulation_.data()[c], shift = shifts ? modulation_.data()[size_ + c] : T(0);
      const T* const late = x.at(c, frames_ - 1);
      for (std::size_t t = from; t < to; ++t) out[c * stride + t] = LoopBackend<T>::fma(late[t], scale, shift);
    }
  }

  INLAY_NO_ADDRESS Extent<Size, struct OfSize> size_;
  INLAY_NO_ADDRESS Extent<Frames, struct OfFrames> frames_;
  INLAY_NO_ADDRESS Extent<Offset, struct OfOffset> offset_;
  History<T, Size, past> history_;
  AlignedArray<T, is_dynamic ? dynamic : room(Size)> largest_;
  AlignedArray<T, is_dynamic ? dynamic : room(2 * Size)> modulation_;
  std::size_t left_ = is_dynamic ? 0 : Offset + Frames;  ///< frames to the end of the block
};

}  // namespace inlay::INLAY_ISA::detail

/// BlockControls: values that are made for a block of frames from the largest values of that block.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include "inlay/backend/loop.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA::detail {

/// The state of a `BlockControl` or `TFiLM` of `In` channels apart from its layers, which make `Out` controls. Blocks
/// of `Frames` frames begin at frame `Offset`.
template <class T, std::size_t In, std::size_t Out, std::size_t Frames, std::size_t Offset>
class BlockControls {
  static constexpr bool is_dynamic = In == dynamic;
  static constexpr std::size_t room(std::size_t values) { return padded_frame<T>(values); }

 public:
  void resize(std::size_t in, std::size_t out, std::size_t frames, std::size_t offset)
    requires(is_dynamic)
  {
    in_.value = in, frames_.value = frames, offset_.value = offset;
    largest_.resize(room(in));
    controls_.resize(room(out));
    clear();
  }
  void clear() noexcept {
    controls_.clear();
    start_block();
    left_ = offset_ + frames_;
  }

  /// Runs `frames` frames. Channel c of frame t is at in[c * stride + t]. At the end of a block
  /// `layers(largest, controls)` computes the controls from the largest value of each channel. `give(controls, from,
  /// to)` is called for runs of frames, with the controls of the block that is known by then, zero before the first.
  /// So the frames of a block are given Frames - 1 frames late.
  INLAY_INLINE void run(const T* in, std::size_t stride, std::size_t frames, auto&& layers, auto&& give) noexcept {
    const T* const controls = controls_.data();
    std::size_t given = 0, taken = 0;
    for (;;) {
      const std::size_t count = std::min(frames - taken, left_);
      const std::size_t before = left_ > frames_ ? std::min(count, left_ - frames_) : 0;  // frames before `offset`
      for (std::size_t c = 0; c < in_; ++c) largest(c, in + c * stride + taken + before, count - before);
      taken += count, left_ -= count;
      if (left_ > 0) break;
      // The last frame of a block gives the first one of the delayed block.
      give(controls, given, taken - 1);
      given = taken - 1;
      layers(static_cast<const T*>(largest_.data()), controls_.data());
      start_block();
    }
    give(controls, given, frames);
  }

 private:
  void start_block() noexcept {
    std::fill_n(largest_.data(), std::size_t(in_), -std::numeric_limits<T>::infinity());
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

  INLAY_NO_ADDRESS Extent<In, struct OfIn> in_;
  INLAY_NO_ADDRESS Extent<Frames, struct OfFrames> frames_;
  INLAY_NO_ADDRESS Extent<Offset, struct OfOffset> offset_;
  AlignedArray<T, is_dynamic ? dynamic : room(In)> largest_;
  AlignedArray<T, is_dynamic ? dynamic : room(Out)> controls_;
  std::size_t left_ = is_dynamic ? 0 : Offset + Frames;  ///< frames to the end of the block
};

/// Gives controls as a signal: `channels` rows of `stride` frames.
template <class T>
INLAY_INLINE void hold_controls(const T* controls, std::size_t channels, T* out, std::size_t stride, std::size_t from,
                                std::size_t to) noexcept {
  for (std::size_t c = 0; c < channels; ++c) std::fill(out + c * stride + from, out + c * stride + to, controls[c]);
}

/// Gives a signal modulated by controls: `channels` scales and, with `shifts`, as many shifts behind them. `x` is a
/// view of the signal's past, of which `late` frames ago are given.
template <class T>
INLAY_INLINE void modulate_by_controls(const T* controls, std::size_t channels, bool shifts, const auto& x,
                                       std::size_t late, T* out, std::size_t stride, std::size_t from,
                                       std::size_t to) noexcept {
  for (std::size_t c = 0; c < channels; ++c) {
    const T scale = controls[c], shift = shifts ? controls[channels + c] : T(0);
    const T* const frames = x.at(c, late);
    for (std::size_t t = from; t < to; ++t) out[c * stride + t] = LoopBackend<T>::fma(frames[t], scale, shift);
  }
}

}  // namespace inlay::INLAY_ISA::detail

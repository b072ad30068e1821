/// UpsampleNearest, UpsampleLinear: upsampling over time without weights.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/backend/loop.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA {

/// Repeats each frame: y(t Factor + p) = x(t), p = 0, ..., Factor - 1. `Size` channels in and out. No tensors, no
/// state.
///
/// PyTorch: Upsample(scale_factor=Factor), mode 'nearest'. Keras: UpSampling1D.
template <std::size_t Size, std::size_t Factor, Backend B = default_backend>
class UpsampleNearest {
  static_assert(Factor > 0);

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {};
  static constexpr std::string_view type = "upsample_nearest";
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = 1, parameters = 0, macs = 0;
  static constexpr Rate rate{1, Factor};

  constexpr void visit(auto& v) {
    v.option("size", size_);
    v.option("factor", factor_);
  }
  constexpr LayerShape shape() const noexcept { return {.in = size_, .out = size_, .rate = {1, factor_}}; }
  void reset(State&) const noexcept {}

  std::size_t forward(State&, const scalar* in, scalar* out) const noexcept {
    for (std::size_t p = 0; p < factor_; ++p) copy(in, size_, out + p * padded_frame<scalar>(size_));
    return factor_;
  }
  std::size_t process(State&, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    for (std::size_t c = 0; c < size_; ++c)
      for (std::size_t t = 0; t < frames; ++t)
        std::fill_n(out.row(c) + t * factor_, std::size_t(factor_), in.row(c)[t]);
    return frames * factor_;
  }

 private:
  INLAY_NO_ADDRESS LayerExtent<Size> size_;
  INLAY_NO_ADDRESS Extent<Factor, struct OfFactor> factor_;
};

/// Interpolates linearly, late by one frame of the input: y(t Factor + p) is the signal at t - 1 + w with
/// w = (p + 1/2) / Factor - 1/2,
///
///     y = x(t - 1) + w (x(t) - x(t - 1))           for w >= 0
///     y = x(t - 1) + w (x(t - 1) - x(t - 2))       for w < 0
///
/// The first `Factor` frames are zero. Before the first frame of the input the signal is taken to be equal to it, as in
/// PyTorch. `Size` channels in and out. No tensors. State: two frames.
///
/// PyTorch: Upsample(scale_factor=Factor, mode='linear', align_corners=False), delayed by `Factor` output frames.
/// Cost per input frame: Factor multiply-accumulates per channel.
template <std::size_t Size, std::size_t Factor, Backend B = default_backend>
class UpsampleLinear {
  static_assert(Factor > 0);

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    AlignedArray<scalar, Size == dynamic ? dynamic : 2 * Size> past;  ///< x(t - 1) and x(t - 2) of each channel
    bool started = false;
  };
  static constexpr std::string_view type = "upsample_linear";
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = 3, parameters = 0, macs = times<Size, Factor>;
  static constexpr std::size_t latency = 1;
  static constexpr Rate rate{1, Factor};

  constexpr void visit(auto& v) {
    v.option("size", size_);
    v.option("factor", factor_);
  }
  constexpr LayerShape shape() const noexcept {
    return {.in = size_,
            .out = size_,
            .past = 2,
            .latency = 1,
            .rate = {1, factor_},
            .macs = bounded(std::uint64_t{size_} * factor_)};
  }
  void resize(State& state) const
    requires(Size == dynamic)
  {
    state.past.resize(2 * size_);
  }
  void reset(State& state) const noexcept {
    state.past.clear();
    state.started = false;
  }

  std::size_t forward(State& state, const scalar* in, scalar* out) const noexcept {
    const bool started = state.started;
    for (std::size_t c = 0; c < size_; ++c)
      interpolate(started, state.past.data() + 2 * c, in[c], out + c, padded_frame<scalar>(size_));
    state.started = true;
    return factor_;
  }
  std::size_t process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    for (std::size_t c = 0; c < size_; ++c)
      for (std::size_t t = 0; t < frames; ++t)
        interpolate(state.started || t > 0, state.past.data() + 2 * c, in.row(c)[t], out.row(c) + t * factor_, 1);
    state.started = true;
    return frames * factor_;
  }

 private:
  /// Writes the output frames of one channel that x gives, `stride` values apart.
  INLAY_INLINE void interpolate(bool started, scalar* past, scalar x, scalar* out, std::size_t stride) const noexcept {
    if (!started) {
      for (std::size_t p = 0; p < factor_; ++p) out[p * stride] = 0;
      past[0] = past[1] = x;
      return;
    }
    const scalar before = past[0], rise = before - past[1], next_rise = x - before;
    for (std::size_t p = 0; p < factor_; ++p) {
      const bool later = 2 * p + 1 >= factor_;
      const scalar w = (scalar(p) + scalar(0.5)) / scalar(std::size_t(factor_)) - scalar(0.5);
      out[p * stride] = LoopBackend<scalar>::fma(w, later ? next_rise : rise, before);
    }
    past[1] = before;
    past[0] = x;
  }

  INLAY_NO_ADDRESS LayerExtent<Size> size_;
  INLAY_NO_ADDRESS Extent<Factor, struct OfFactor> factor_;
};

}  // namespace inlay::INLAY_ISA

/// SilentUntil: y(t) = 0 before a frame, x(t) from then on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"

namespace inlay::INLAY_ISA {

/// Silence before frame `Frames`, the input from then on: y(t) = 0 for t < Frames, y(t) = x(t) for t >= Frames, where t
/// is counted from `reset`. `Size` channels in and out. No tensors. State: a counter.
///
/// For convolutions with centred padding. A convolution that looks N frames ahead is computed as one that looks back,
/// late by N frames, so the first frame of its output is frame N of the stream. Frames before that one have no
/// counterpart in PyTorch, whose next layer pads zeros there. `Frames` is the sum of all N so far, and `Latency` is the
/// N of the layer before this one, which this layer states; 0, and no option in files, where there is none. It delays
/// nothing itself.
///
/// Cost per frame: none where it works in place.
template <std::size_t Size, std::size_t Frames, std::size_t Latency = 0, Backend B = default_backend>
class SilentUntil {
  static_assert(Frames > 0, "inlay::SilentUntil: Frames must be at least 1; use inlay::Identity for no silence");

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    std::size_t passed = 0;  ///< frames since the start, at most `Frames`
  };
  static constexpr std::string_view type = "silent_until";
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = 1, parameters = 0, macs = 0;
  static constexpr std::size_t latency = Latency;
  static constexpr bool in_place = true;

  constexpr void visit(auto& v) {
    v.option("size", size_);
    v.option("frames", frames_);
    if constexpr (Latency == dynamic) v.option("latency", latency_, 0);
    else if constexpr (Latency > 0) v.option("latency", Latency);
  }
  constexpr LayerShape shape() const noexcept { return {.in = size_, .out = size_, .latency = latency_}; }
  void reset(State& state) const noexcept { state.passed = 0; }

  INLAY_INLINE void forward(State& state, const scalar* in, scalar* out) const noexcept {
    if (state.passed < frames_) ++state.passed, std::fill_n(out, std::size_t{size_}, scalar(0));
    else if (in != out) copy(in, size_, out);
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    const std::size_t silent = std::min(frames, frames_ - state.passed);
    state.passed += silent;
    for (std::size_t c = 0; c < size_; ++c) {
      if (in.row(c) != out.row(c)) copy_row(in.row(c), frames, out.row(c));
      std::fill_n(out.row(c), silent, scalar(0));
    }
  }

 private:
  INLAY_NO_ADDRESS LayerExtent<Size> size_;
  INLAY_NO_ADDRESS Extent<Frames, struct OfFrames> frames_;
  INLAY_NO_ADDRESS Extent<Latency, struct OfLatency> latency_;
};

}  // namespace inlay::INLAY_ISA

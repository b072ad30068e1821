/// TFiLM: feature-wise linear modulation that changes from block to block.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/backend_of.hpp"
#include "inlay/backend/default.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/block_controls.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/layers/lstm.hpp"

namespace inlay::INLAY_ISA {

/// Temporal feature-wise linear modulation (Birnbaum et al., arXiv 1909.06628). Frames are grouped into blocks of
/// `BlockFrames`. The chain of `Layers` runs once for each block, on the largest value of each channel in it, and gives
/// a scale and a shift per channel for the frames of the same block:
///
///     (scale, shift)(m) = Layers(max over the frames of block m)
///     y(t) = scale(m) x(t - (BlockFrames - 1)) + shift(m),  m being the block of that frame
///
/// If the chain has as many channels out as in, it gives scales only. A block can be modulated only when all of it is
/// known: the latency is BlockFrames - 1 frames. Blocks begin at frame `Offset`, for a signal that is late itself. The
/// output is zero before the first block is known.
///
/// Channels in and out: those that the chain takes. The layers keep their states from block to block, must not change
/// the rate and read no condition. They are computed in one call, at the last frame of a block, so the worst-case time
/// of a frame is theirs. Cost per frame: that of the chain / BlockFrames, and a multiply-add per channel.
///
/// In a file: `size`, `block_size`, `offset` and `layers`. State: the last BlockFrames - 1 frames, and the states of
/// the layers. PyTorch: the class TFiLM of NablAFx and others.
template <std::size_t BlockFrames, std::size_t Offset, Layer... Layers>
class BasicTFiLM {
  using Body = detail::Chain<Layers...>;
  static constexpr std::size_t size = Body::in_size;
  static_assert(BlockFrames > 0);
  static_assert(
      Body::out_size == size || Body::out_size == 2 * size,
      "inlay: the layers of TFiLM must have as many output channels as inputs (scale) or twice as many (scale "
      "and shift)");
  static_assert(Body::one_to_one,
                "inlay::TFiLM: Layers must not change the rate; remove strided and upsampling layers");
  static_assert(LayerTraits<Body>::condition_size == 0 && LayerTraits<Body>::latency == 0,
                "inlay::TFiLM: Layers must not read a condition and must have no latency");

 public:
  using backend = detail::BackendOf<Body>;
  using scalar = typename Body::scalar;
  struct State {
    detail::BlockControls<scalar, size, Body::out_size, BlockFrames, Offset> blocks;
    History<scalar, size, BlockFrames - 1> history;
    typename Body::State layers;
  };
  static constexpr std::string_view type = "tfilm";
  static constexpr std::size_t in_size = size, out_size = size;
  static constexpr std::size_t block_frames = BlockFrames;
  static constexpr std::size_t receptive_field =
      Body::receptive_field == unbounded ? unbounded : Body::receptive_field * BlockFrames + BlockFrames - 1;
  static constexpr std::size_t warmup_frames = 0;  // blocks are counted from the start
  static constexpr std::size_t latency = BlockFrames - 1;
  static constexpr std::size_t parameters = Body::parameters, macs = Body::macs / BlockFrames + size;
  static constexpr std::size_t scratch_size = LayerTraits<Body>::scratch_size;

  constexpr void visit(auto& v) {
    v.option("size", size);
    v.option("block_size", BlockFrames);
    v.option("offset", Offset);
    v.chain("layers", body_);
  }
  void reset(State& state) const noexcept {
    state.blocks.clear();
    state.history.clear();
    body_.reset(state.layers);
  }
  void forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    run(state, in, out, 1, 1, state.history.push(in), context);
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    run(state, in.row(0), out.row(0), tile_frames, frames, state.history.push(in, frames), context);
  }

  /// The layers as a `Sequential`.
  constexpr Body& layers() noexcept { return body_; }

 private:
  INLAY_NOINLINE void run(State& state, const scalar* in, scalar* out, std::size_t stride, std::size_t frames,
                          const auto& past, Context<scalar> context) const noexcept {
    state.blocks.run(
        in, stride, frames,
        [&](const scalar* largest, scalar* controls) {
          detail::forward(body_, state.layers, largest, controls, context);
        },
        [&](const scalar* controls, std::size_t from, std::size_t to) {
          detail::modulate_by_controls(controls, size, Body::out_size > size, past, latency, out, stride, from, to);
        });
  }

  Body body_;
};

/// TFiLM by an LSTM that gives scales and shifts, as in NablAFx. See `BasicTFiLM`.
template <std::size_t Size, std::size_t BlockFrames, Backend B = default_backend>
using TFiLM = BasicTFiLM<BlockFrames, 0, LSTM<Size, 2 * Size, B>>;

}  // namespace inlay::INLAY_ISA

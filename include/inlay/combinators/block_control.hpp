/// BlockControl: control signals that change from block to block.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/block_controls.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"

namespace inlay::INLAY_ISA {

/// Frames are grouped into blocks of `BlockFrames`. The chain of `Layers` runs once for each block, on the largest
/// value of each channel in it. What it gives is held for the frames of the same block:
///
///     y(t) = Layers(max over the frames of block m), m being the block of frame t - (BlockFrames - 1)
///
/// The largest values are known when all of the block is: the latency is BlockFrames - 1 frames, and a signal beside
/// the controls needs a `Delay` by as many. Blocks begin at frame `Offset`, for a signal that is late itself. The
/// output is zero before the first block is known. For an envelope put `Abs` in front. As the source of
/// `ConditionedBy`, a BlockControl is the condition of several `FiLM`s: TVFiLM (Comunita et al., arXiv 2211.00497).
///
/// Channels in and out: those of the chain. The layers keep their states from block to block, must not change the rate
/// and read no condition. They are computed in one call, at the last frame of a block, so the worst-case time of a
/// frame is theirs. Cost per frame: that of the chain / BlockFrames, and a comparison per channel.
///
/// In a file: `block_size`, `offset` and `layers`. State: that of the layers, one frame in and one out. PyTorch:
/// MaxPool1d(block), layers, repeat_interleave(block); the dynamic controllers and the TVFiLM of NablAFx.
template <std::size_t BlockFrames, std::size_t Offset, Layer... Layers>
class BlockControl {
  using Body = detail::Chain<Layers...>;
  static_assert(BlockFrames > 0);
  static_assert(Body::one_to_one,
                "inlay::BlockControl: Layers must not change the rate; remove strided and upsampling layers");
  static_assert(LayerTraits<Body>::condition_size == 0 && LayerTraits<Body>::latency == 0,
                "inlay::BlockControl: Layers must not read a condition and must have no latency");

 public:
  using backend = detail::BackendOf<Body>;
  using scalar = typename Body::scalar;
  struct State {
    detail::BlockControls<scalar, Body::in_size, Body::out_size, BlockFrames, Offset> blocks;
    typename Body::State layers;
  };
  static constexpr std::string_view type = "block_control";
  static constexpr std::size_t in_size = Body::in_size, out_size = Body::out_size;
  static constexpr std::size_t block_frames = BlockFrames;
  static constexpr std::size_t receptive_field =
      Body::receptive_field == unbounded ? unbounded : Body::receptive_field * BlockFrames + BlockFrames - 1;
  static constexpr std::size_t warmup_frames = 0;  // blocks are counted from the start
  static constexpr std::size_t latency = BlockFrames - 1;
  static constexpr std::size_t parameters = Body::parameters, macs = Body::macs / BlockFrames;
  static constexpr std::size_t scratch_size = LayerTraits<Body>::scratch_size;

  constexpr void visit(auto& v) {
    v.option("block_size", BlockFrames);
    v.option("offset", Offset);
    v.chain("layers", body_);
  }
  void reset(State& state) const noexcept {
    state.blocks.clear();
    body_.reset(state.layers);
  }
  void forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    run(state, in, out, 1, 1, context);
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    run(state, in.row(0), out.row(0), tile_frames, frames, context);
  }

  /// The layers as a `Sequential`.
  constexpr Body& layers() noexcept { return body_; }

 private:
  INLAY_NOINLINE void run(State& state, const scalar* in, scalar* out, std::size_t stride, std::size_t frames,
                          Context<scalar> context) const noexcept {
    state.blocks.run(
        in, stride, frames,
        [&](const scalar* largest, scalar* controls) {
          detail::forward(body_, state.layers, largest, controls, context);
        },
        [&](const scalar* controls, std::size_t from, std::size_t to) {
          detail::hold_controls(controls, out_size, out, stride, from, to);
        });
  }

  Body body_;
};

}  // namespace inlay::INLAY_ISA

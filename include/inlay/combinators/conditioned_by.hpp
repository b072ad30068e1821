/// ConditionedBy, InputAsCondition: layers whose condition is computed from their input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/layers/identity.hpp"

namespace inlay::INLAY_ISA {

/// Runs the chain of `Layers` with the condition Source(x), x being their own input.
///
/// In a file: `source` and `layers`.
template <Layer Source, Layer... Layers>
class ConditionedBy {
  using Body = detail::Chain<Layers...>;
  using SourceChain = detail::Chain<Source>;
  static_assert(SourceChain::in_size == Body::in_size,
                "inlay::ConditionedBy: Source must have the input size of Layers");
  static_assert(SourceChain::out_size == LayerTraits<Body>::condition_size,
                "inlay::ConditionedBy: the output size of Source must be the condition size of Layers");
  static_assert(LayerTraits<SourceChain>::one_to_one,
                "inlay::ConditionedBy: Source must give exactly one output frame for each input frame; remove layers "
                "that change the rate");
  /// An `Identity` as source needs no copy of the input.
  static constexpr bool copies = !requires { Source::is_identity; };

 public:
  using backend = detail::BackendOf<Body>;
  using scalar = typename Body::scalar;
  struct State {
    typename SourceChain::State source;
    typename Body::State layers;
  };
  static constexpr std::string_view type = "conditioned_by";
  static constexpr std::size_t in_size = Body::in_size, out_size = Body::out_size;
  static constexpr Rate rate = Body::rate;
  static constexpr bool one_to_one = Body::one_to_one;
  static constexpr std::size_t tile = Body::tile;
  static constexpr std::size_t max_output_frames(std::size_t frames) { return Body::max_output_frames(frames); }
  static constexpr std::size_t receptive_field =
      Body::receptive_field == unbounded || SourceChain::receptive_field == unbounded
          ? unbounded
          : Body::receptive_field + SourceChain::receptive_field - 1;
  static constexpr std::size_t warmup_frames = Body::warmup_frames + SourceChain::warmup_frames,
                               latency = Body::latency;
  static constexpr std::size_t parameters = Body::parameters + SourceChain::parameters,
                               macs = Body::macs + SourceChain::macs;
  static constexpr std::size_t condition_size = SourceChain::condition_size;

 private:
  static constexpr std::size_t buffer_size =
      copies ? scratch_block<scalar>(scratch_tile<scalar>(SourceChain::out_size)) : 0;

 public:
  static constexpr std::size_t scratch_size = buffer_size + std::max(SourceChain::scratch_size, Body::scratch_size);

  void visit(auto& v) {
    v.chain("source", source_);
    v.chain("layers", body_);
  }
  void reset(State& state) const noexcept {
    source_.reset(state.source);
    body_.reset(state.layers);
  }
  // The input may be read as the condition, in whole cache lines.
  static constexpr std::size_t frame_unit = alignment / sizeof(scalar);

  auto forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    const scalar* condition = in;
    if constexpr (copies) {
      scalar* buffer = detail::take(context, buffer_size);
      source_.forward(state.source, in, buffer, context);
      condition = buffer;
    }
    return body_.forward(state.layers, in, out, {context.scratch, condition});
  }
  auto process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    const scalar* condition = in.row(0);
    if constexpr (copies) {
      const Block<scalar> buffer(detail::take(context, buffer_size));
      source_.process(state.source, in, buffer, frames, context);
      condition = buffer.row(0);
    }
    return body_.process(state.layers, in, out, frames, {context.scratch, condition});
  }

  /// The layers and the source, each as a `Sequential`.
  Body& layers() noexcept { return body_; }
  SourceChain& source() noexcept { return source_; }

 private:
  SourceChain source_;
  Body body_;
};

/// The chain of `Layers` with their input as condition, as in WaveNet.
template <Layer... Layers>
using InputAsCondition =
    ConditionedBy<Identity<detail::Chain<Layers...>::in_size, detail::BackendOf<detail::Chain<Layers...>>>, Layers...>;

}  // namespace inlay::INLAY_ISA

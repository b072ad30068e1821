/// AlongFeatures: runs layers along the features of each frame, as if these were frames.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/feature_tiles.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA {

/// Runs the chain of `Layers` along the `Features` features of each frame, from the first to the last, starting from
/// zero state:
///
///     y(t, f) = the f-th output frame of the chain for the signal x(t, 0), x(t, 1), ..., x(t, Features - 1)
///
/// A frame is [feature][channel], as for `Conv2D`; the channels are those of the chain. A recurrent layer inside runs
/// along the frequency axis of a spectrum (PyTorch: nn.GRU on (batch * time, features, channels)). A layer without
/// state, such as `Dense`, is applied to each feature with the same weights (Keras: TimeDistributed). `Gather` before
/// and after reverses the direction.
///
/// In a file: `features` and `layers`. Cost: that of the chain for Features frames.
template <std::size_t Features, Layer... Layers>
class AlongFeatures {
  using Body = detail::Chain<Layers...>;
  static_assert(Features > 0);
  static_assert(Body::one_to_one,
                "inlay::AlongFeatures: Layers must not change the rate; remove strided and upsampling layers");
  static_assert(LayerTraits<Body>::condition_size == 0,
                "inlay::AlongFeatures: Layers must not read a condition; remove conditioned layers such as FiLM and "
                "Mixin");
  using T = typename Body::scalar;
  static constexpr std::size_t ins = Body::in_size, outs = Body::out_size;

 public:
  using backend = detail::BackendOf<Body>;
  using scalar = T;
  using State = typename Body::State;
  static constexpr std::string_view type = "along_features";
  static constexpr std::size_t in_size = Features * ins, out_size = Features * outs;
  static constexpr std::size_t features = Features;
  static constexpr std::size_t receptive_field = 1;
  static constexpr std::size_t parameters = Body::parameters, macs = Features * Body::macs;
  static constexpr std::size_t frame_unit = 1;
  static constexpr std::size_t scratch_size = (ins + outs) * tile_frames + LayerTraits<Body>::scratch_size;

  constexpr void visit(auto& v) {
    v.option("features", Features);
    v.chain("layers", body_);
  }
  void reset(State& state) const noexcept { body_.reset(state); }
  void forward(State& state, const T* in, T* out, Context<T> context) const noexcept {
    run(state, in, out, 1, context);
  }
  void process(State& state, Block<const T> in, Block<T> out, std::size_t frames, Context<T> context) const noexcept {
    for (std::size_t t = 0; t < frames; ++t) run(state, in.row(0) + t, out.row(0) + t, tile_frames, context);
  }

  /// The layers as a `Sequential`.
  constexpr Body& layers() noexcept { return body_; }

 private:
  INLAY_NOINLINE void run(State& state, const T* in, T* out, std::size_t stride, Context<T> context) const noexcept {
    const Block<T> x(detail::take(context, ins * tile_frames)), y(detail::take(context, outs * tile_frames));
    body_.reset(state);
    detail::for_each_feature_tile<T>(Features, {in, ins, stride}, x, y, {out, outs, stride}, [&](std::size_t count) {
      detail::process(body_, state, Block<const T>(x), y, count, context);
    });
  }

  Body body_;
};

}  // namespace inlay::INLAY_ISA

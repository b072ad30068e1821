/// PerFeature: runs layers on each feature of a signal, with the same weights and a state for each feature.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA {

/// Runs the chain of `Layers` over time for each of `Features` features, with the same weights:
///
///     y(t, f) = chain of the signal x(0, f), x(1, f), ..., x(t, f)
///
/// A frame is [feature][channel], as for `Conv2D`; the channels are those of the chain. Each feature has a state of its
/// own (PyTorch: nn.GRU on (batch * features, time, channels)). For a chain without state `AlongFeatures` is faster.
///
/// In a file: `features` and `layers`. Cost and state: those of the chain, times Features.
template <std::size_t Features, Layer... Layers>
class PerFeature {
  using Body = detail::Chain<Layers...>;
  static_assert(Features > 0);
  static_assert(Body::one_to_one,
                "inlay::PerFeature: Layers must not change the rate; remove strided and upsampling layers");
  using T = typename Body::scalar;
  static constexpr std::size_t ins = Body::in_size, outs = Body::out_size;

 public:
  using backend = detail::BackendOf<Body>;
  using scalar = T;
  struct State {
    ObjectArray<typename Body::State, Features> features;
  };
  static constexpr std::string_view type = "per_feature";
  static constexpr std::size_t in_size = Features * ins, out_size = Features * outs;
  static constexpr std::size_t features = Features;
  static constexpr std::size_t receptive_field = Body::receptive_field;
  static constexpr std::size_t warmup_frames = LayerTraits<Body>::warmup_frames;
  static constexpr std::size_t latency = LayerTraits<Body>::latency;
  static constexpr std::size_t condition_size = LayerTraits<Body>::condition_size;
  static constexpr std::size_t parameters = Body::parameters, macs = Features * Body::macs;
  static constexpr std::size_t frame_unit = 1;
  static constexpr std::size_t scratch_size =
      padded_frame<T>(ins) + padded_frame<T>(outs) + LayerTraits<Body>::scratch_size;

  constexpr void visit(auto& v) {
    v.option("features", Features);
    v.chain("layers", body_);
  }
  void reset(State& state) const noexcept {
    for (std::size_t f = 0; f < Features; ++f) body_.reset(state.features[f]);
  }
  void forward(State& state, const T* in, T* out, Context<T> context) const noexcept {
    // A layer reads and writes whole registers, which would reach into the next feature.
    T *const x = detail::take(context, padded_frame<T>(ins)), *const y = detail::take(context, padded_frame<T>(outs));
    for (std::size_t f = 0; f < Features; ++f) {
      copy(in + f * ins, ins, x);
      detail::forward(body_, state.features[f], static_cast<const T*>(x), y, context);
      copy(y, outs, out + f * outs);
    }
  }
  void process(State& state, Block<const T> in, Block<T> out, std::size_t frames, Context<T> context) const noexcept {
    for (std::size_t f = 0; f < Features; ++f)
      detail::process(body_, state.features[f], Block<const T>(in.row(f * ins)), Block<T>(out.row(f * outs)), frames,
                      context);
  }

  /// The layers as a `Sequential`.
  constexpr Body& layers() noexcept { return body_; }

 private:
  Body body_;
};

}  // namespace inlay::INLAY_ISA

/// OverlapAdd: runs layers on overlapping frames of a signal and adds up what they give.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/overlap_buffer.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA {

/// Runs the chain of `Layers` once every `Hop` samples, on a frame of the last In samples, and adds up its output
/// frames of Out samples. In and Out are the numbers of channels of the chain, which are samples here:
///
///     frame(m) = x(m Hop + Hop - In), ..., x(m Hop + Hop - 1)
///     y(t)     = sum over m of the sample of chain(frame(m)) that belongs to x(t - (Out - 1))
///
/// The last samples of an input and of an output frame belong together. One channel in and out. x is zero before the
/// start. The layers keep their states from frame to frame, so a recurrent layer runs along the frames.
///
/// `OverlapAdd<Hop, RFFT<Size>, Layers..., IRFFT<Size>>` works on spectra (short-time Fourier transform), and
/// `OverlapAdd<Hop, Dense<In, N>, Layers..., Dense<N, Out>>` on frames of a learned encoder and decoder.
///
/// The latency is Out - 1 samples, and Hop samples more for each frame of latency of the chain. A frame is computed in
/// one call, at the last sample of a hop; other samples are copied only. So the worst-case time of a sample is that of
/// a frame. A `Model` can spread it over the next hop (`spread` in a file), this type cannot.
///
/// In a file: `window` (In), `hop` and `layers`. State: In + Out samples, and the states of the layers.
template <std::size_t Hop, Layer... Layers>
class OverlapAdd {
  using Body = detail::Chain<Layers...>;
  static_assert(Hop > 0);
  static_assert(Hop <= Body::in_size && Hop <= Body::out_size,
                "inlay::OverlapAdd: Hop must not exceed the number of samples of a frame; samples between frames would "
                "be lost");
  static_assert(Body::one_to_one,
                "inlay::OverlapAdd: Layers must not change the rate; remove strided and upsampling layers");
  static_assert(
      LayerTraits<Body>::condition_size == 0,
      "inlay::OverlapAdd: Layers must not read a condition; remove conditioned layers such as FiLM and Mixin");
  static constexpr std::size_t window = Body::in_size, given = Body::out_size;

 public:
  using backend = detail::BackendOf<Body>;
  using scalar = typename Body::scalar;
  struct State {
    detail::OverlapBuffer<scalar, window, given, Hop> buffer;
    typename Body::State layers;
  };
  static constexpr std::string_view type = "overlap_add";
  static constexpr std::size_t in_size = 1, out_size = 1;
  static constexpr std::size_t hop = Hop;
  static constexpr std::size_t receptive_field =
      Body::receptive_field == unbounded ? unbounded : window + given - 1 + (Body::receptive_field - 1) * Hop;
  static constexpr std::size_t warmup_frames = 0;  // frameworks pad the start
  static constexpr std::size_t latency = given - 1 + LayerTraits<Body>::latency * Hop;
  static constexpr std::size_t parameters = Body::parameters, macs = Body::macs / Hop;
  static constexpr std::size_t scratch_size = padded_frame<scalar>(given) + LayerTraits<Body>::scratch_size;
  static constexpr bool in_place = true;

  constexpr void visit(auto& v) {
    v.option("window", window);
    v.option("hop", Hop);
    v.chain("layers", body_);
  }
  void reset(State& state) const noexcept {
    state.buffer.clear();
    body_.reset(state.layers);
  }
  void forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    run(state, in, out, 1, context);
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    run(state, in.row(0), out.row(0), frames, context);
  }

  /// The layers as a `Sequential`.
  constexpr Body& layers() noexcept { return body_; }

 private:
  INLAY_NOINLINE void run(State& state, const scalar* in, scalar* out, std::size_t frames,
                          Context<scalar> context) const noexcept {
    scalar* const result = detail::take(context, padded_frame<scalar>(given));
    state.buffer.run(in, out, frames, [&](const scalar* frame) {
      detail::forward(body_, state.layers, frame, result, context);
      return static_cast<const scalar*>(result);
    });
  }

  Body body_;
};

}  // namespace inlay::INLAY_ISA

/// OverlapAdd, SpreadOverlapAdd: run layers on overlapping frames of a signal and add up what they give.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/combinators/spread_chain.hpp"
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
/// The latency is Out - 1 samples, and Hop samples more for each frame of latency of the chain. Without `Spread` a
/// frame is computed in one call, at the last sample of a hop; other samples are copied only. So the worst-case time of
/// a sample is that of a frame.
///
/// With `Spread` the layers run one after the other during the hop after their frame, and the output is the same, Hop
/// samples later. Each layer runs at once, those of the branches, sums and chains in a combinator one by one: the work
/// of any n samples exceeds n / Hop of a frame's by at most that of one layer (core/spread.hpp).
///
/// In a file: `window` (In), `hop`, `spread` (may be left out if false) and `layers`. State: In + Out samples, and the
/// states of the layers; with `Spread` also a frame's values between the layers.
template <std::size_t Hop, bool Spread, Layer... Layers>
class BasicOverlapAdd {
  using Body = detail::Chain<Layers...>;
  static_assert(Hop > 0);
  static_assert(!Spread || Hop > 1,
                "inlay::SpreadOverlapAdd: Hop must be at least 2 samples, over which work is spread");
  static_assert(Hop <= Body::in_size && Hop <= Body::out_size,
                "inlay::OverlapAdd: Hop must not exceed the number of samples of a frame; samples between frames would "
                "be lost");
  static_assert(Body::one_to_one,
                "inlay::OverlapAdd: Layers must not change the rate; remove strided and upsampling layers");
  static_assert(
      LayerTraits<Body>::condition_size == 0,
      "inlay::OverlapAdd: Layers must not read a condition; remove conditioned layers such as FiLM and Mixin");
  static constexpr std::size_t window = Body::in_size, given = Body::out_size, late = Spread ? Hop : 0;
  /// What a state has for the layers' work on a frame.
  struct AtOnce {
    static void clear() noexcept {}
  };
  using Work = std::conditional_t<Spread, detail::SpreadChain<Body, Hop>, AtOnce>;

 public:
  using backend = detail::BackendOf<Body>;
  using scalar = typename Body::scalar;
  struct State {
    detail::OverlapBuffer<scalar, window, given, Hop> buffer;
    typename Body::State layers;
    INLAY_NO_ADDRESS Work work;
  };
  static constexpr std::string_view type = "overlap_add";
  static constexpr std::size_t in_size = 1, out_size = 1;
  static constexpr std::size_t hop = Hop;
  static constexpr std::size_t receptive_field =
      Body::receptive_field == unbounded ? unbounded : window + given - 1 + (Body::receptive_field - 1) * Hop + late;
  static constexpr std::size_t warmup_frames = 0;  // frameworks pad the start
  static constexpr std::size_t latency = given - 1 + LayerTraits<Body>::latency * Hop + late;
  static constexpr std::size_t parameters = Body::parameters, macs = Body::macs / Hop;
  static constexpr std::size_t scratch_size =
      Spread ? 0 : padded_frame<scalar>(given) + LayerTraits<Body>::scratch_size;
  static constexpr bool in_place = true;

  constexpr void visit(auto& v) {
    v.option("window", window);
    v.option("hop", Hop);
    v.option("spread", Spread, false);
    v.chain("layers", body_);
  }
  void reset(State& state) const noexcept {
    state.buffer.clear();
    state.work.clear();
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
    if constexpr (Spread) {
      state.buffer.run(in, out, frames, [&](const scalar* frame) INLAY_INLINE_LAMBDA {
        return state.work.exchange(body_, state.layers, frame);
      });
      state.work.run_until(body_, state.layers, state.buffer.position());
    } else {
      scalar* const result = detail::take(context, padded_frame<scalar>(given));
      state.buffer.run(in, out, frames, [&](const scalar* frame) {
        detail::forward(body_, state.layers, frame, result, context);
        return static_cast<const scalar*>(result);
      });
    }
  }

  Body body_;
};

/// Computes each frame at the last sample of a hop. See `BasicOverlapAdd`.
template <std::size_t Hop, Layer... Layers>
using OverlapAdd = BasicOverlapAdd<Hop, false, Layers...>;
/// Spreads the work on each frame over the next hop. See `BasicOverlapAdd`.
template <std::size_t Hop, Layer... Layers>
using SpreadOverlapAdd = BasicOverlapAdd<Hop, true, Layers...>;

}  // namespace inlay::INLAY_ISA

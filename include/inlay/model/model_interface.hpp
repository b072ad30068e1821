/// ModelInterface: constants, states and calls of a network whose layers are known at compile time.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <span>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/core/frame_span.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/model/model_scratch.hpp"
#include "inlay/model/overlap.hpp"
#include "inlay/model/tiles.hpp"
#include "inlay/model/voice_pair.hpp"

namespace inlay::INLAY_ISA {

/// What `ModelT` and `ConstantModel` have in common. `Weights` has the weights: `Weights::Network` is a `Sequential`,
/// and `network()` returns the constant object.
///
/// A model owns one `State`. Further states (`M::State voice;`) share the weights through the const overloads, which
/// may run concurrently if each thread has a state of its own. `forward`, `process` and `reset` are real-time safe: no
/// allocations, locks, exceptions or system calls.
template <class Weights>
class ModelInterface : protected Weights {
 protected:
  using Network = typename Weights::Network;
  using Weights::network;

 public:
  using scalar = typename Network::scalar;
  /// The layers as a `Sequential`.
  using Layers = Network;

  /// Numbers of channels: input, output, condition.
  static constexpr std::size_t in_size = Network::in_size, out_size = Network::out_size;
  static constexpr std::size_t condition_size = Network::condition_size;
  static constexpr std::size_t layer_count = Network::layer_count;
  /// Output frames per input frames, in lowest terms; whether each input frame gives exactly one output frame.
  static constexpr Rate rate = Network::rate;
  static constexpr bool one_to_one = Network::one_to_one;
  /// The largest number of output frames for `frames` input frames, for which the output of `process` must have room.
  static constexpr std::size_t max_output_frames(std::size_t frames) {
    return one_to_one ? frames : Network::max_output_frames(frames);
  }
  /// The largest number of output frames of one `forward`.
  static constexpr std::size_t max_frames_per_input = max_output_frames(1);
  /// Number of input frames that an output depends on, the present one included. `inlay::unbounded` if a layer is
  /// recurrent.
  static constexpr std::size_t receptive_field = Network::receptive_field;
  /// First input frame from which on the output does not depend on the zeros before the start.
  static constexpr std::size_t warmup_frames = Network::warmup_frames;
  /// Number of input frames by which the output is late. See `LayerTraits`.
  static constexpr std::size_t latency() noexcept { return Network::latency; }
  /// Number of parameters, as frameworks count them, with the statistics of batch normalisation.
  static constexpr std::size_t parameters = Network::parameters;
  /// Multiply-accumulates per input frame. Activation functions are not counted.
  static constexpr std::size_t macs_per_sample = Network::macs;
  /// Size of the weights in bytes, padding included.
  static constexpr std::size_t weight_bytes = sizeof(Network);

  /// The memory of a model for one signal: past frames, recurrent states and scratch memory. A new state is at the
  /// start of a signal.
  class State {
    friend ModelInterface;
    typename Network::State layers;
    detail::ModelScratch<Network> scratch;
  };
  /// Size of a state in bytes, scratch memory included.
  static constexpr std::size_t state_bytes = sizeof(State);

  /// Layer I.
  template <std::size_t I>
  constexpr const auto& layer() const noexcept {
    return network().template layer<I>();
  }

  /// Sets a state to the start of a signal.
  void reset(State& state) const noexcept { network().reset(state.layers); }
  void reset() noexcept { reset(state_); }

  /// Computes one frame: `in_size` values in, `out_size` values out, and `condition_size` values of side channels if
  /// the model has them. `in` and `out` may be the same memory. If the rate is not 1:1, returns the number of output
  /// frames, which are written one after the other; `out` must have room for `max_frames_per_input`.
  INLAY_INLINE auto forward(State& state, FrameSpan<const scalar, in_size> in,
                            FrameSpan<scalar, max_frames_per_input * out_size> out,
                            FrameSpan<const scalar, condition_size> condition) const noexcept {
    if constexpr (condition_size > 0) copy(condition.data(), condition_size, state.scratch.condition());
    return frame(state, in.data(), out.data());
  }
  INLAY_INLINE auto forward(FrameSpan<const scalar, in_size> in, FrameSpan<scalar, max_frames_per_input * out_size> out,
                            FrameSpan<const scalar, condition_size> condition) noexcept {
    return forward(state_, in, out, condition);
  }
  INLAY_INLINE auto forward(State& state, FrameSpan<const scalar, in_size> in,
                            FrameSpan<scalar, max_frames_per_input * out_size> out) const noexcept
    requires(condition_size == 0)
  {
    return frame(state, in.data(), out.data());
  }
  INLAY_INLINE auto forward(FrameSpan<const scalar, in_size> in,
                            FrameSpan<scalar, max_frames_per_input * out_size> out) noexcept
    requires(condition_size == 0)
  {
    return forward(state_, in, out);
  }

  /// Computes one sample of a network with one channel in and out and side channels: `model.forward(x, {drive, tone})`.
  INLAY_INLINE scalar forward(State& state, scalar in, FrameSpan<const scalar, condition_size> condition) const noexcept
    requires(in_size == 1 && out_size == 1 && one_to_one && condition_size > 0)
  {
    copy(condition.data(), condition_size, state.scratch.condition());
    return sample(state, in);
  }
  INLAY_INLINE scalar forward(scalar in, FrameSpan<const scalar, condition_size> condition) noexcept
    requires(in_size == 1 && out_size == 1 && one_to_one && condition_size > 0)
  {
    return forward(state_, in, condition);
  }

  /// Computes one sample of a network with one channel in and out.
  INLAY_INLINE scalar forward(State& state, scalar in) const noexcept
    requires(in_size == 1 && out_size == 1 && one_to_one && condition_size == 0)
  {
    return sample(state, in);
  }
  INLAY_INLINE scalar forward(scalar in) noexcept
    requires(in_size == 1 && out_size == 1 && one_to_one && condition_size == 0)
  {
    return forward(state_, in);
  }

  /// Computes `frames` frames of planar audio: in[c] and out[c] are the channels, of any alignment. In-place processing
  /// is allowed, out[c] == in[c]; no other overlap is. Returns the number of frames written: `frames` if the rate is
  /// 1:1, else at most `max_output_frames(frames)`. The output does not depend on how a signal is cut into calls, to
  /// the last bit.
  std::size_t process(State& state, const scalar* const* in, scalar* const* out, std::size_t frames,
                      Condition<scalar> condition) const noexcept {
    return buffer(state, in, out, frames, condition);
  }
  std::size_t process(const scalar* const* in, scalar* const* out, std::size_t frames,
                      Condition<scalar> condition) noexcept {
    return buffer(state_, in, out, frames, condition);
  }
  std::size_t process(State& state, const scalar* const* in, scalar* const* out, std::size_t frames) const noexcept
    requires(condition_size == 0)
  {
    return buffer(state, in, out, frames, Condition<scalar>{});
  }
  std::size_t process(const scalar* const* in, scalar* const* out, std::size_t frames) noexcept
    requires(condition_size == 0)
  {
    return buffer(state_, in, out, frames, Condition<scalar>{});
  }

  /// Computes a network with one channel in and out. The number of frames is the smaller of both sizes.
  std::size_t process(State& state, std::span<const scalar> in, std::span<scalar> out,
                      Condition<scalar> condition = {}) const noexcept
    requires(in_size == 1 && out_size == 1 && one_to_one)
  {
    const scalar* const from = in.data();
    scalar* const to = out.data();
    return buffer(state, &from, &to, std::min(in.size(), out.size()), condition);
  }
  std::size_t process(std::span<const scalar> in, std::span<scalar> out, Condition<scalar> condition = {}) noexcept
    requires(in_size == 1 && out_size == 1 && one_to_one)
  {
    return process(state_, in, out, condition);
  }

  /// Fallback for invalid arguments: a readable compile error.
  template <class Model = ModelInterface>
  std::size_t process(...) const {
    static_assert(
        sizeof(Model) == 0,
        "inlay: process takes (in, out, frames), planar: const T* const* in and T* const* out, one pointer for "
        "each channel; with one channel in and out also spans of samples; side channels come last; a const "
        "model takes a State first");
    return 0;
  }
  template <class Model = ModelInterface>
  std::size_t forward(...) const {
    static_assert(
        sizeof(Model) == 0,
        "inlay: forward takes a frame, (in, out): pointers, spans, arrays or vectors of in_size and of out_size values "
        "of the model's scalar, and of condition_size values for a model with side channels; with one channel in and "
        "out also a sample; a const model takes a State first");
    return 0;
  }

  /// Computes several voices, each with its own state: channels of a stereo signal, or notes of a synthesiser. `in` and
  /// `out` hold the channels of the first voice, then those of the second, and so on. A model with side channels needs
  /// one Condition per voice. The output is bit-identical to `process` for one voice after the other. It is faster for
  /// recurrent networks, whose steps depend on each other: interleaved voices hide the latency.
  void process(std::span<State* const> voices, const scalar* const* in, scalar* const* out, std::size_t frames,
               std::span<const Condition<scalar>> conditions = {}) const noexcept
    requires one_to_one
  {
    assert(condition_size == 0 || conditions.size() == voices.size());
    const auto condition = [&](std::size_t v) { return conditions.empty() ? Condition<scalar>{} : conditions[v]; };
    std::size_t v = 0;
    for (; v + 2 <= voices.size(); v += 2) {  // more voices at once would exceed the registers
      State &a = *voices[v], &b = *voices[v + 1];
      detail::process_pair<Network, scalar>(network(), {&a.layers, &b.layers}, {&a.scratch, &b.scratch},
                                            in + v * in_size, out + v * out_size, frames,
                                            {condition(v), condition(v + 1)});
    }
    if (v < voices.size()) process(*voices[v], in + v * in_size, out + v * out_size, frames, condition(v));
  }

  /// `for_each(f)` calls `f(std::integral_constant<std::size_t, I>{})` for each layer index I.
  static constexpr auto for_each = Network::for_each;

 protected:
  // For classes that derive from ModelT and have memory of their own for outputs.

  /// The state that the model owns.
  State& own_state() noexcept { return state_; }
  /// Computes one frame as `forward` does, but writes padded frames: `out` is aligned to `alignment` bytes and has room
  /// for `max_frames_per_input` times `padded_frame(out_size)` values. The output is not copied.
  INLAY_INLINE auto run_frame(State& state, const scalar* in, scalar* out) const noexcept {
    // The user's memory is read directly if the first layer never reads beyond the frame.
    if constexpr (in_size % Network::frame_unit != 0) {
      scalar* x = state.scratch.input();
      if constexpr (requires { typename Network::First::backend; })
        copy_exactly<typename Network::First::backend, in_size>(in, x);
      else copy(in, in_size, x);
      in = x;
    }
    return network().forward(state.layers, in, out, state.scratch.context());
  }

 private:
  std::size_t buffer(State& state, const scalar* const* in, scalar* const* out, std::size_t frames,
                     Condition<scalar> condition) const noexcept {
    assert(!one_to_one || detail::overlaps_only_in_place(in, in_size, out, out_size, frames));
    assert(condition.fits(condition_size));
    constexpr detail::ChannelCounts channels{in_size, out_size, condition_size};
    const detail::Tiles<scalar> tiles = state.scratch.tiles();
    return detail::for_each_tile<scalar>(
        channels, tiles, Network::tile, in, out, frames, condition, [&](std::size_t count) INLAY_INLINE_LAMBDA {
          return detail::process(network(), state.layers, Block<const scalar>(tiles.in), tiles.out, count,
                                 state.scratch.context());
        });
  }

  INLAY_INLINE scalar sample(State& state, scalar in) const noexcept {
    scalar* x = state.scratch.input();
    *x = in;
    scalar* const y = state.scratch.output();
    network().forward(state.layers, x, y, state.scratch.context());
    return *y;
  }

  INLAY_INLINE auto frame(State& state, const scalar* in, scalar* out) const noexcept {
    scalar* const y = state.scratch.output();
    if constexpr (one_to_one && Network::in_place && out_size == padded_frame<scalar>(out_size)) {
      // The user's memory has room for what the layers write. It may be the input as well.
      run_frame(state, in, out);
    } else if constexpr (one_to_one) {
      run_frame(state, in, y);
      // In the registers that the last layer stored: GCC then reuses these instead of loading them again.
      if constexpr (requires { typename Network::Last::backend; })
        copy_exactly<typename Network::Last::backend, out_size>(y, out);
      else copy(y, out_size, out);
    } else {
      const std::size_t output_frames = run_frame(state, in, y);
      for (std::size_t f = 0; f < output_frames; ++f)
        copy(y + f * padded_frame<scalar>(out_size), out_size, out + f * out_size);
      return output_frames;
    }
  }

  State state_;
};

}  // namespace inlay::INLAY_ISA

/// LayerTraits: properties that a layer may define, and their defaults. Calls of layers with optional arguments.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA {

/// Additional arguments of a layer.
template <class T>
struct Context {
  T* scratch;          ///< `scratch_size` values, aligned to `alignment`; undefined on entry
  const T* condition;  ///< `condition_size` values of the present frame, or that many rows of the present tile
};

/// Optional constants of layer L, with their defaults.
///
/// Times are counted in frames of the layer's input, from `reset`. A layer gives each output frame as soon as its input
/// has arrived: a convolution of stride S gives a frame when (t - (Kernel - 1) Dilation) is a multiple of S, and a
/// layer that upsamples by S gives S frames at once.
template <class L>
struct LayerTraits {
  /// Output frames per input frames.
  static constexpr Rate rate = [] {
    if constexpr (requires { L::rate; }) return L::rate;
    else return Rate{};
  }();

  /// True if each input frame gives exactly one output frame. `forward` and `process` may then return void.
  static constexpr bool one_to_one = [] {
    if constexpr (requires { L::one_to_one; }) return L::one_to_one;
    else return rate == Rate{};
  }();

  /// The largest number of output frames for `frames` input frames.
  static constexpr std::size_t max_output_frames(std::size_t frames) {
    if constexpr (requires { L::max_output_frames(frames); }) return L::max_output_frames(frames);
    else return (frames * rate.out + rate.in - 1) / rate.in;
  }

  /// The largest number of input frames of one call of `process` whose output fits a tile.
  static constexpr std::size_t tile = [] {
    if constexpr (requires { L::tile; }) return L::tile;
    else {
      std::size_t frames = tile_frames;
      while (frames > 1 && max_output_frames(frames) > tile_frames) --frames;
      return frames;
    }
  }();
  static_assert(
      max_output_frames(tile) <= tile_frames,
      "inlay: a layer must not give more than inlay::tile_frames output frames for one input frame; reduce its Stride");

  /// Number of frames by which the output is late: a delay that aligns branches. A causal convolution or a recurrent
  /// layer has no latency, however far it looks back.
  static constexpr std::size_t latency = [] {
    if constexpr (requires { L::latency; }) return L::latency;
    else return std::size_t{0};
  }();

  /// The first frame from which on the output does not depend on the zeros before the start. The output of a
  /// framework's unpadded convolution starts there.
  static constexpr std::size_t warmup_frames = [] {
    if constexpr (requires { L::warmup_frames; }) return L::warmup_frames;
    else return L::receptive_field == unbounded ? std::size_t{0} : L::receptive_field - 1;
  }();

  /// Number of side channels that the layer reads from its context.
  static constexpr std::size_t condition_size = [] {
    if constexpr (requires { L::condition_size; }) return L::condition_size;
    else return std::size_t{0};
  }();

  /// Number of values of scratch memory that the layer takes from its context.
  static constexpr std::size_t scratch_size = [] {
    if constexpr (requires { L::scratch_size; }) return L::scratch_size;
    else return std::size_t{0};
  }();

  /// True if `forward` and `process` allow input and output to be the same memory.
  static constexpr bool in_place = [] {
    if constexpr (requires { L::in_place; }) return L::in_place;
    else return false;
  }();

  /// An input frame may be read in whole units of this many values, and no wider.
  static constexpr std::size_t frame_unit = [] {
    if constexpr (requires { L::frame_unit; }) return L::frame_unit;
    else if constexpr (requires { L::backend::lanes(L::in_size); }) return L::backend::lanes(L::in_size);
    else return alignment / sizeof(typename L::scalar);
  }();
};

/// The shape of a layer: `layer.shape()` if it exists, for dynamic sizes, else from its constants.
template <class L>
constexpr LayerShape shape_of(const L& layer) {
  if constexpr (requires { layer.shape(); }) {
    return layer.shape();
  } else {
    constexpr std::size_t past = L::receptive_field == unbounded ? unbounded : L::receptive_field - 1;
    return {.in = L::in_size,
            .out = L::out_size,
            .condition = LayerTraits<L>::condition_size,
            .past = past,
            .latency = LayerTraits<L>::latency,
            .rate = LayerTraits<L>::rate,
            .macs = L::macs};
  }
}

/// `count` values, rounded up to keep the scratch memory behind them aligned.
template <class T>
constexpr std::size_t scratch_block(std::size_t count) {
  return round_up(count, alignment / sizeof(T));
}

/// Number of values of a buffer for a tile of `channels`, or for `frames` padded frames if these take more.
template <class T>
constexpr std::size_t scratch_tile(std::size_t channels, std::size_t frames = 1) {
  const std::size_t tile = channels * tile_frames, step = frames * padded_frame<T>(channels);
  return tile > step ? tile : step;
}

namespace detail {

/// Takes `size` values of scratch memory off the front of `context`.
template <class T>
INLAY_INLINE T* take(Context<T>& context, std::size_t size) noexcept {
  T* block = context.scratch;
  context.scratch += size;
  return block;
}

/// True if the `forward` of layer L accepts an addend, which saves a pass over the output.
template <class L>
concept FusesAddend =
    requires(const L& layer, typename L::State& state, typename L::scalar* out, const typename L::scalar* addend) {
      layer.forward(state, addend, out, addend);
    } || requires(const L& layer, typename L::State& state, typename L::scalar* out, const typename L::scalar* addend,
                  Context<typename L::scalar> context) { layer.forward(state, addend, out, context, addend); };

/// Runs one frame through a layer, passing the context if the layer takes one. `addend` requires `FusesAddend`. Returns
/// the number of output frames, which are `padded_frame(out_size)` values apart.
template <class L, class T, std::same_as<const T*>... Addend>
INLAY_INLINE std::size_t forward(const L& layer, typename L::State& state, const T* in, T* out, Context<T> context,
                                 Addend... addend) noexcept {
  if constexpr (requires { layer.forward(state, in, out, context, addend...); }) {
    if constexpr (std::is_void_v<decltype(layer.forward(state, in, out, context, addend...))>)
      return layer.forward(state, in, out, context, addend...), std::size_t{1};
    else return layer.forward(state, in, out, context, addend...);
  } else {
    if constexpr (std::is_void_v<decltype(layer.forward(state, in, out, addend...))>)
      return layer.forward(state, in, out, addend...), std::size_t{1};
    else return layer.forward(state, in, out, addend...);
  }
}

/// Runs a tile through a layer. The arguments are as for `forward`. Returns the number of output frames.
template <class L, class T, std::same_as<const T*>... Addend>
INLAY_INLINE std::size_t process(const L& layer, typename L::State& state, Block<const T> in, Block<T> out,
                                 std::size_t frames, Context<T> context, Addend... addend) noexcept {
  if constexpr (requires { layer.process(state, in, out, frames, context, addend...); }) {
    if constexpr (std::is_void_v<decltype(layer.process(state, in, out, frames, context, addend...))>)
      return layer.process(state, in, out, frames, context, addend...), frames;
    else return layer.process(state, in, out, frames, context, addend...);
  } else {
    if constexpr (std::is_void_v<decltype(layer.process(state, in, out, frames, addend...))>)
      return layer.process(state, in, out, frames, addend...), frames;
    else return layer.process(state, in, out, frames, addend...);
  }
}

/// Runs a tile of each voice through a layer with a rate of 1:1. Calls the layer's `process_voices` if it exists, else
/// `process` for one voice after the other.
template <class L, class T, std::size_t Voices>
INLAY_INLINE void process_voices(const L& layer, const std::array<typename L::State*, Voices>& states,
                                 const std::array<Block<const T>, Voices>& in, const std::array<Block<T>, Voices>& out,
                                 std::size_t frames, const std::array<Context<T>, Voices>& contexts) noexcept {
  static_assert(LayerTraits<L>::one_to_one);
  if constexpr (requires { layer.process_voices(states, in, out, frames, contexts); })
    layer.process_voices(states, in, out, frames, contexts);
  else if constexpr (requires { layer.process_voices(states, in, out, frames); })
    layer.process_voices(states, in, out, frames);
  else
    for (std::size_t v = 0; v < Voices; ++v) process(layer, *states[v], in[v], out[v], frames, contexts[v]);
}

}  // namespace detail
}  // namespace inlay::INLAY_ISA

/// FrameForm, StepForm, TileForm: how the inner layers and functions of a combinator run on a frame, on a frame in
/// steps, and on a tile.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>

#include "inlay/combinators/frame_steps.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/load_across.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA::formula {

/// A register position in a frame: channels `first` and after it.
template <class B, std::size_t Lanes>
struct FramePosition : detail::LanesAcrossChannels<B, Lanes> {
  INLAY_INLINE auto load(const typename B::scalar* data) const noexcept {
    return B::template load<Lanes>(data + this->first);
  }
  /// The same channels of a part of a frame with `Size` channels, which begins at channel `Begin`.
  template <std::size_t Size, std::size_t Begin>
  INLAY_INLINE auto load_part(const typename B::scalar* frame) const noexcept {
    return load_across<B, Lanes, Size, Begin>(frame, this->first);
  }
};
/// A register position in a tile: frame `first_frame` and after it of one channel.
template <class B>
struct TilePosition : detail::LanesAcrossFrames<B> {
  std::size_t first_frame;
  INLAY_INLINE auto load(const typename B::scalar* data) const noexcept {
    return B::template load<B::width>(Block<const typename B::scalar>(data).row(this->channel) + first_frame);
  }
};

/// Values in memory, as a function of a register position.
template <class T>
struct Stored {
  const T* data;
  INLAY_INLINE auto operator()(auto position) const noexcept { return position.load(data); }
};
template <class T>
Stored(T*) -> Stored<std::remove_const_t<T>>;
/// Channels of a frame with `Size` channels, from channel `Begin` on.
template <std::size_t Size, std::size_t Begin, class T>
struct StoredPart {
  const T* frame;
  INLAY_INLINE auto operator()(auto position) const noexcept { return position.template load_part<Size, Begin>(frame); }
};
/// A pointwise layer of other values.
template <class L, class X>
struct Applied {
  const L& layer;
  X x;
  INLAY_INLINE auto operator()(auto position) const noexcept { return layer.apply(x(position), position); }
};
template <class L, class X>
Applied(const L&, X) -> Applied<L, X>;

/// What a frame and a tile of the combinator `Layer` have in common.
template <class Layer>
struct Form {
  using parts = typename Layer::parts;
  using B = typename Layer::backend;
  using T = typename Layer::scalar;

  const Layer& layer;
  typename Layer::State& state;
  const T* in;
  const T* kept = nullptr;  ///< the value of `let`
};

/// One frame.
template <class Layer>
struct FrameForm : Form<Layer> {
  using typename Form<Layer>::B, typename Form<Layer>::T;
  static constexpr bool is_tile = false;

  /// The address of a channel.
  template <class P>
  static INLAY_INLINE P* at(P* data, std::size_t channel) noexcept {
    return data + channel;
  }
  /// Number of values of a buffer for `Channels` channels.
  template <std::size_t Channels>
  static constexpr std::size_t room = padded_frame<T>(Channels);
  /// Whether whole registers can be read and written from this channel on, without touching the channels before it.
  template <std::size_t Channel>
  static constexpr bool has_room_at = padded_frame<T>(Channel) == Channel;

  /// Runs inner chain I.
  template <std::size_t I>
  INLAY_INLINE auto run(const T* x, T* out, Context<T> context, auto... addend) const noexcept {
    return this->layer.template chain<I>().forward(std::get<I>(this->state.chains), x, out, context, addend...);
  }
  template <std::size_t Channels>
  static INLAY_INLINE void copy(const T* from, T* to) noexcept {
    inlay::copy(from, Channels, to);
  }
  /// out = f(values...) for `Channels` channels.
  template <std::size_t Channels>
  INLAY_INLINE void map(auto f, T* out, auto... values) const noexcept {
    for_frame_registers<B>(Extent<Channels>(), [&]<std::size_t Lanes>(std::size_t c) INLAY_INLINE_LAMBDA {
      B::store(out + c, f(values(FramePosition<B, Lanes>{{c}})...));
    });
  }
};

/// One frame, of which only some steps run.
template <class Layer>
struct StepForm : FrameForm<Layer> {
  using typename Form<Layer>::T, typename Form<Layer>::parts;

  detail::FrameSteps& steps;

  template <std::size_t I>
  INLAY_INLINE void run(const T* x, T* out, Context<T> context, auto... addend) const noexcept {
    if constexpr (!parts::template is_identity<I>)
      detail::forward_steps(this->layer.template chain<I>(), std::get<I>(this->state.chains), x, out, context, steps,
                            addend...);
    else if (steps.last_runs()) FrameForm<Layer>::template run<I>(x, out, context, addend...);
  }
  template <std::size_t Channels>
  INLAY_INLINE void copy(const T* from, T* to) const noexcept {
    if (steps.last_runs()) FrameForm<Layer>::template copy<Channels>(from, to);
  }
  template <std::size_t Channels>
  INLAY_INLINE void map(auto f, T* out, auto... values) const noexcept {
    if (steps.last_runs()) FrameForm<Layer>::template map<Channels>(f, out, values...);
  }
};

/// A tile of `frames` frames.
template <class Layer>
struct TileForm : Form<Layer> {
  using typename Form<Layer>::B, typename Form<Layer>::T;
  static constexpr bool is_tile = true;

  std::size_t frames;

  template <class P>
  static INLAY_INLINE P* at(P* data, std::size_t channel) noexcept {
    return Block<P>(data).row(channel);
  }
  template <std::size_t Channels>
  static constexpr std::size_t room = scratch_block<T>(Channels * tile_frames);
  template <std::size_t>
  static constexpr bool has_room_at = true;

  template <std::size_t I>
  INLAY_INLINE auto run(const T* x, T* out, Context<T> context, auto... addend) const noexcept {
    return this->layer.template chain<I>().process(std::get<I>(this->state.chains), Block<const T>(x), Block<T>(out),
                                                   frames, context, addend...);
  }
  template <std::size_t Channels>
  INLAY_INLINE void copy(const T* from, T* to) const noexcept {
    for (std::size_t c = 0; c < Channels; ++c) copy_row(at(from, c), frames, at(to, c));
  }
  template <std::size_t Channels>
  INLAY_INLINE void map(auto f, T* out, auto... values) const noexcept {
    for (std::size_t c = 0; c < Channels; ++c)
      for_tile_registers<B>(frames, [&](std::size_t t) INLAY_INLINE_LAMBDA {
        B::store(Block<T>(out).row(c) + t, f(values(TilePosition<B>{{c}, t})...));
      });
  }
};

}  // namespace inlay::INLAY_ISA::formula

/// Windowed: runs layers over windows of the signal, from zero state. TimePad: zero padding of a window.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/clock.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/frames.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/window_layers.hpp"
#include "inlay/layers/identity.hpp"

namespace inlay::INLAY_ISA {

/// Pads a window with `Before` frames of zeros at its start and `After` at its end: a framework's padding of a
/// convolution. Outside `Windowed` it is an identity, which is only correct if both are 0, since a stream has no end.
template <std::size_t Size, std::size_t Before, std::size_t After, Backend B = default_backend>
class TimePad : public Identity<Size, B> {
 public:
  static constexpr std::string_view type = "time_pad";
  static constexpr std::size_t before = Before, after = After;
  constexpr void visit(auto& v) {
    v.option("size", Size);
    v.option("before", Before);
    v.option("after", After);
  }
};

/// Runs the chain of `Layers` over the last `WindowFrames` frames, from zero state, and returns its last output frame.
/// For networks that were trained on windows and whose last recurrent layer returns its last output only (Keras:
/// return_sequences=False).
///
/// An output is due at each frame t for which (t - (WindowFrames - 1)) is a multiple of `Hop`. x is zero before the
/// start. The whole window is computed in one call at that frame; other frames are only stored. So the worst-case time
/// of a frame is that of a window.
///
/// In a file: `window`, `hop` and `layers`. State: the last WindowFrames - 1 frames.
template <std::size_t WindowFrames, std::size_t Hop, Layer... Layers>
class Windowed {
  using Body = detail::Chain<Layers...>;
  static_assert(WindowFrames > 0 && Hop > 0);
  static_assert(LayerTraits<Body>::condition_size == 0,
                "inlay::Windowed: Layers must not read a condition; remove conditioned layers such as FiLM and Mixin");
  static_assert(((LayerTraits<Layers>::tile == tile_frames) && ...),
                "inlay::Windowed: Layers must not increase the rate; remove upsampling layers such as ConvTranspose1D");
  // Frames are counted layer by layer, and a TimePad inside a nested chain would be missed.
  static_assert(((Layers::type != "sequential") && ...),
                "inlay::Windowed: Layers must not include a Sequential; list its layers one by one instead");

  template <class L>
  static constexpr detail::WindowLayer described() {
    detail::WindowLayer layer{L::out_size, 0, 0, L::receptive_field == 1 && LayerTraits<L>::one_to_one, L::macs};
    if constexpr (requires { L::before + L::after; }) {
      layer.before = L::before, layer.after = L::after;
      layer.by_frame = L::before + L::after == 0;
    }
    return layer;
  }
  static constexpr std::array<detail::WindowLayer, sizeof...(Layers)> window_layers{described<Layers>()...};
  static constexpr auto facts = [] {
    detail::WindowFacts<typename Body::scalar> all(Body::in_size, WindowFrames);
    std::size_t i = 0;
    (all.add(window_layers[i++], LayerTraits<Layers>::max_output_frames(all.frames)), ...);
    return all;
  }();

 public:
  using backend = detail::BackendOf<Body>;
  using scalar = typename Body::scalar;
  struct State {
    History<scalar, Body::in_size, WindowFrames - 1> history;
    Clock<WindowFrames - 1, Hop> clock;
    typename Body::State layers;
  };
  static constexpr std::string_view type = "windowed";
  static constexpr std::size_t in_size = Body::in_size, out_size = Body::out_size;
  static constexpr std::size_t receptive_field = WindowFrames, parameters = Body::parameters;
  static constexpr std::size_t macs = facts.macs() / Hop;
  static constexpr Rate rate{Hop, 1};
  static constexpr std::size_t hop = Hop;
  /// The frames of a window that each layer runs for.
  static constexpr auto layer_frames = [] {
    detail::WindowFacts<scalar> all(in_size, WindowFrames);
    std::array<std::size_t, sizeof...(Layers)> frames{};
    std::size_t i = 0;
    ((frames[i] = all.frames, all.add(window_layers[i++], LayerTraits<Layers>::max_output_frames(all.frames))), ...);
    std::fill(frames.begin() + facts.last_only, frames.end(), std::size_t{1});
    return frames;
  }();

 private:
  static constexpr std::size_t widest = std::max({Layers::out_size...}) * tile_frames;

 public:
  static constexpr std::size_t scratch_size =
      2 * facts.room + widest + std::max({LayerTraits<Layers>::scratch_size...});

  constexpr void visit(auto& v) {
    v.option("window", WindowFrames);
    v.option("hop", Hop);
    v.chain("layers", body_);
  }
  void reset(State& state) const noexcept {
    state.history.clear();
    state.clock.reset();
  }
  std::size_t forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    const Window<scalar> x = state.history.push(in);
    if (!state.clock.tick()) return 0;
    run(state, x, out, 1, context);
    return 1;
  }
  std::size_t process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
                      Context<scalar> context) const noexcept {
    const Window<scalar> x = state.history.push(in, frames);
    scalar* to = out.row(0);
    return state.clock.tick(frames, [&](std::size_t t) { run(state, x.later(t), to++, tile_frames, context); });
  }

  /// The layers as a `Sequential`.
  constexpr Body& layers() noexcept { return body_; }

 private:
  /// Runs the window that ends at `x`. Writes channel c of the result to out[c * stride].
  void run(State& state, const Window<scalar>& x, scalar* out, std::size_t stride,
           Context<scalar> context) const noexcept {
    body_.reset(state.layers);
    scalar *const first = detail::take(context, facts.room), *const second = detail::take(context, facts.room);
    const Block<scalar> output(detail::take(context, widest));
    detail::WindowRun<scalar> window(first, second, x, in_size, WindowFrames);
    Body::for_each([&](auto i) {
      auto& memory = std::get<i>(state.layers.layers);
      window.run(window_layers[i], i >= facts.last_only,
                 [&](Block<const scalar> tile, std::size_t frames, detail::Frames<scalar>& to) {
                   to.append(output, detail::process(body_.template layer<i>(), memory, tile, output, frames, context));
                 });
    });
    window.frames().last(out, stride);
  }

  Body body_;
};

}  // namespace inlay::INLAY_ISA

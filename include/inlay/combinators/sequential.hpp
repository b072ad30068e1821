/// Sequential: layers one after the other, as one layer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/neighbours.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/map.hpp"

namespace inlay::INLAY_ISA {

/// A chain of layers. Its sizes and its scalar are those of its layers; it may stand wherever a layer may. A file
/// holds a chain within a chain as one.
template <Layer... Layers>
class Sequential {
  static_assert(sizeof...(Layers) > 0, "inlay::Sequential: a chain has at least one layer");
  static constexpr std::size_t count = sizeof...(Layers);
  using First = std::tuple_element_t<0, std::tuple<Layers...>>;
  static constexpr std::array<std::size_t, count> in_sizes{Layers::in_size...}, out_sizes{Layers::out_size...};

 public:
  using scalar = typename First::scalar;
  static_assert(detail::LayersHaveOneScalar<scalar, typename Layers::scalar...>::checked);

 private:
  template <std::size_t... I>
  static detail::Neighbours<detail::LayerFitsTheOneBefore<I + 1, in_sizes[I + 1], out_sizes[I]>...> neighbours(
      std::index_sequence<I...>);
  static_assert(decltype(neighbours(std::make_index_sequence<count - 1>{}))::checked);

 public:
  using backend = detail::BackendOf<First>;
  struct State {
    std::tuple<typename Layers::State...> layers;
  };
  static constexpr std::string_view type = "sequential";
  static constexpr std::size_t in_size = in_sizes.front(), out_size = out_sizes.back();
  static constexpr std::size_t layer_count = count;
  static constexpr std::size_t parameters = (0 + ... + Layers::parameters);
  static constexpr Rate rate = (Rate{} * ... * LayerTraits<Layers>::rate);
  static constexpr bool one_to_one = (LayerTraits<Layers>::one_to_one && ...);
  static constexpr bool in_place = (LayerTraits<Layers>::in_place && ...);
  static constexpr std::size_t frame_unit = LayerTraits<First>::frame_unit;
  static constexpr std::size_t condition_size = std::max({LayerTraits<Layers>::condition_size...});

  static constexpr std::size_t most_frames(std::size_t frames) {
    ((frames = LayerTraits<Layers>::most_frames(frames)), ...);
    return frames;
  }
  static constexpr std::size_t tile = [] {
    const auto fits = [](std::size_t frames) {
      bool all = true;
      ((all = all && frames <= LayerTraits<Layers>::tile, frames = LayerTraits<Layers>::most_frames(frames)), ...);
      return all && frames <= tile_frames;
    };
    std::size_t frames = tile_frames;
    while (frames > 1 && !fits(frames)) --frames;
    return frames;
  }();

 private:
  /// The rates at which the layers stand, before[i] being that of layer i's input.
  static constexpr std::array<Rate, count + 1> before = [] {
    std::array<Rate, count + 1> rates{};
    std::size_t i = 0;
    ((rates[i + 1] = rates[i] * LayerTraits<Layers>::rate, ++i), ...);
    return rates;
  }();
  static_assert(
      [] {
        bool even = true, right = true;
        ((right = right && (even || LayerTraits<Layers>::condition_size == 0),
          even = even && LayerTraits<Layers>::one_to_one),
         ...);
        return right;
      }(),
      "inlay::Sequential: a conditioned layer stands behind one that changes the rate, where it has no condition");

  /// The sum of `frames` of each layer, in frames of the chain's input.
  static constexpr std::size_t in_frames_of_input(const std::array<std::size_t, count>& frames) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += (frames[i] * before[i].in + before[i].out - 1) / before[i].out;
    return sum;
  }

 public:
  static constexpr std::size_t receptive_field = ((Layers::receptive_field == unbounded) || ...)
                                                     ? unbounded
                                                     : 1 + in_frames_of_input({(Layers::receptive_field - 1)...});
  static constexpr std::size_t warmup_frames = in_frames_of_input({LayerTraits<Layers>::warmup_frames...});
  static constexpr std::size_t latency = in_frames_of_input({LayerTraits<Layers>::latency...});
  /// Multiply-accumulates for each frame of the input.
  static constexpr std::size_t macs = [] {
    std::size_t sum = 0, i = 0;
    ((sum += Layers::macs * before[i].out / before[i].in, ++i), ...);
    return sum;
  }();

 private:
  using Last = std::tuple_element_t<count - 1, std::tuple<Layers...>>;
  // Before a last layer that works in place, the output, which may be the addend, is written by others.
  static constexpr bool adds = one_to_one && detail::FusesAddend<Last> && (count == 1 || !LayerTraits<Last>::in_place);
  static constexpr std::size_t result = count;

  /// The buffer that each layer writes: `result` is the chain's own output, others are numbered. A layer that can
  /// works in place. Where a layer may give several frames for one, each has a buffer of its own, since a step
  /// goes on with one frame while the others wait.
  static constexpr std::array<std::size_t, count> buffers = [] {
    std::array<std::size_t, count> chosen{};
    constexpr std::array<bool, count> in_place_layers{LayerTraits<Layers>::in_place...};
    chosen[count - 1] = result;
    for (std::size_t i = count - 1; i-- > 0;) {
      if (!one_to_one) chosen[i] = i;
      else if (in_place_layers[i + 1]) chosen[i] = chosen[i + 1];
      else chosen[i] = chosen[i + 1] == 0 ? 1 : 0;
    }
    return chosen;
  }();

  static constexpr std::array<std::size_t, count> max_frames{LayerTraits<Layers>::most_frames(1)...};
  /// Where each buffer begins in scratch memory; behind them all, that of the layers.
  static constexpr std::array<std::size_t, count + 1> offsets = [] {
    std::array<std::size_t, count> sizes{};
    for (std::size_t i = 0; i + 1 < count; ++i)
      if (buffers[i] != result)
        sizes[buffers[i]] = std::max(sizes[buffers[i]], scratch_tile<scalar>(out_sizes[i], max_frames[i]));
    std::array<std::size_t, count + 1> begin{};
    for (std::size_t b = 0; b < count; ++b) begin[b + 1] = begin[b] + scratch_block<scalar>(sizes[b]);
    return begin;
  }();

 public:
  static constexpr std::size_t scratch_size = offsets[count] + std::max({LayerTraits<Layers>::scratch_size...});

  /// A file names the layers, not the chain: see the visitors of `io`.
  void visit(auto& v) { v.chain("layers", *this); }

  template <std::size_t I>
  auto& layer() noexcept {
    return std::get<I>(layers_);
  }
  template <std::size_t I>
  const auto& layer() const noexcept {
    return std::get<I>(layers_);
  }

  /// Calls `f(std::integral_constant<std::size_t, I>)` for each layer.
  template <class F>
  static INLAY_INLINE void for_each(F&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) INLAY_INLINE_LAMBDA {
      (f(std::integral_constant<std::size_t, I>{}), ...);
    }(std::index_sequence_for<Layers...>{});
  }

  void reset(State& state) const noexcept {
    for_each([&](auto i) INLAY_INLINE_LAMBDA { layer<i>().reset(std::get<i>(state.layers)); });
  }

  /// An addend is for the last layer.
  template <std::same_as<const scalar*>... Addend>
    requires(sizeof...(Addend) == 0 || adds)
  INLAY_INLINE auto forward(State& state, const scalar* in, scalar* out, Context<scalar> context,
                            Addend... addend) const noexcept {
    const Context<scalar> inner{context.scratch + offsets[count], context.condition};
    if constexpr (one_to_one) {
      for_each([&](auto i) INLAY_INLINE_LAMBDA {
        scalar* to = buffer<i>(out, context);
        if constexpr (i + 1 == count) detail::forward(layer<i>(), std::get<i>(state.layers), in, to, inner, addend...);
        else detail::forward(layer<i>(), std::get<i>(state.layers), in, to, inner);
        in = to;
      });
    } else {
      return forward_from<0>(state, in, out, context, inner);
    }
  }

  template <std::same_as<const scalar*>... Addend>
    requires(sizeof...(Addend) == 0 || adds)
  auto process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames, Context<scalar> context,
               Addend... addend) const noexcept {
    const Context<scalar> inner{context.scratch + offsets[count], context.condition};
    for_each([&](auto i) INLAY_INLINE_LAMBDA {
      const Block<scalar> to(buffer<i>(out.row(0), context));
      auto& memory = std::get<i>(state.layers);
      if constexpr (i + 1 == count) frames = detail::process(layer<i>(), memory, in, to, frames, inner, addend...);
      else frames = detail::process(layer<i>(), memory, in, to, frames, inner);
      in = to;
    });
    if constexpr (!one_to_one) return frames;
  }

  /// Several voices, layer by layer: those that can run them together do.
  template <std::size_t Voices>
  void process_voices(const std::array<State*, Voices>& states, std::array<Block<const scalar>, Voices> in,
                      const std::array<Block<scalar>, Voices>& out, std::size_t frames,
                      const std::array<Context<scalar>, Voices>& contexts) const noexcept
    requires(one_to_one)
  {
    auto inner = contexts;
    for (Context<scalar>& context : inner) context.scratch += offsets[count];
    for_each([&](auto i) INLAY_INLINE_LAMBDA {
      std::array<typename std::tuple_element_t<i, std::tuple<Layers...>>::State*, Voices> each;
      std::array<Block<scalar>, Voices> to = out;
      for (std::size_t v = 0; v < Voices; ++v) {
        each[v] = &std::get<i>(states[v]->layers);
        to[v] = Block<scalar>(buffer<i>(out[v].row(0), contexts[v]));
      }
      detail::process_voices(layer<i>(), each, in, to, frames, inner);
      std::copy(to.begin(), to.end(), in.begin());
    });
  }

 private:
  template <std::size_t I>
  static INLAY_INLINE scalar* buffer(scalar* out, Context<scalar> context) noexcept {
    if constexpr (buffers[I] == result) return out;
    else return context.scratch + offsets[buffers[I]];
  }

  /// Runs a frame through the layers from I on, and each frame that comes out of one through the rest.
  template <std::size_t I>
  INLAY_INLINE std::size_t forward_from(State& state, const scalar* in, scalar* out, Context<scalar> context,
                                        Context<scalar> inner) const noexcept {
    scalar* to = buffer<I>(out, context);
    const std::size_t given = detail::forward(layer<I>(), std::get<I>(state.layers), in, to, inner);
    if constexpr (I + 1 == count) {
      return given;
    } else {
      std::size_t written = 0;
      for (std::size_t f = 0; f < given; ++f)
        written += forward_from<I + 1>(state, to + f * padded_frame<scalar>(out_sizes[I]),
                                       out + written * padded_frame<scalar>(out_size), context, inner);
      return written;
    }
  }

  std::tuple<Layers...> layers_;
};

namespace detail {

/// Layers as one: a single one as it is.
template <class... Layers>
struct ChainOf {
  using type = Sequential<Layers...>;
};
template <class... Layers>
struct ChainOf<Sequential<Layers...>> {
  using type = Sequential<Layers...>;
};
template <class... Layers>
using Chain = typename ChainOf<Layers...>::type;

}  // namespace detail
}  // namespace inlay::INLAY_ISA

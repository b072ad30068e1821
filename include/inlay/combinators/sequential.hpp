/// Sequential: a chain of layers as one layer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/chain_buffers.hpp"
#include "inlay/combinators/chain_rates.hpp"
#include "inlay/combinators/frame_steps.hpp"
#include "inlay/combinators/fused_tile.hpp"
#include "inlay/combinators/neighbours.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/map.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/repeat.hpp"

namespace inlay::INLAY_ISA {

/// Runs layers one after the other: y = L_n(... L_1(x)). May be used wherever a layer may, with the input size of the
/// first layer and the output size of the last. PyTorch: Sequential. Keras: Sequential.
///
/// In a file: `layers`. A chain nested in a chain is stored as one chain. Cost: the sum of the layers' costs, no
/// copies.
template <Layer... Layers>
class Sequential {
  static_assert(sizeof...(Layers) > 0, "inlay::Sequential: a chain must have at least one layer");
  static constexpr std::size_t count = sizeof...(Layers);
  static constexpr std::array<std::size_t, count> in_sizes{Layers::in_size...}, out_sizes{Layers::out_size...};

 public:
  using First = std::tuple_element_t<0, std::tuple<Layers...>>;
  using Last = std::tuple_element_t<count - 1, std::tuple<Layers...>>;
  using scalar = typename First::scalar;
  static_assert(detail::SameScalar<scalar, typename Layers::scalar...>::checked);

 private:
  template <std::size_t... I>
  static detail::Checks<detail::InputMatchesPrevious<I + 1, in_sizes[I + 1], out_sizes[I]>...> neighbours(
      std::index_sequence<I...>);
  static_assert(decltype(neighbours(std::make_index_sequence<count - 1>{}))::checked);

  using Rates = detail::ChainRates<Layers...>;
  using Buffers = detail::ChainBuffers<scalar, Layers...>;

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
  static constexpr bool is_identity = count == 1 && requires { First::is_identity; };
  static constexpr std::size_t frame_unit = LayerTraits<First>::frame_unit;
  static constexpr std::size_t condition_size = std::max({LayerTraits<Layers>::condition_size...});

  static constexpr std::size_t max_output_frames(std::size_t frames) { return Rates::max_output_frames(frames); }
  static constexpr std::size_t tile = Rates::tile;
  static_assert(
      Rates::condition_before_rate_change,
      "inlay::Sequential: layers that read the condition must come before the first layer that changes the rate");

  static constexpr std::size_t receptive_field =
      ((Layers::receptive_field == unbounded) || ...)
          ? unbounded
          : 1 + Rates::in_frames_of_input({(Layers::receptive_field - 1)...});
  static constexpr std::size_t warmup_frames = Rates::in_frames_of_input({LayerTraits<Layers>::warmup_frames...});
  static constexpr std::size_t latency = Rates::latency;
  /// Multiply-accumulates per input frame.
  static constexpr std::size_t macs = [] {
    std::size_t sum = 0, i = 0;
    ((sum += Layers::macs * Rates::before[i].out / Rates::before[i].in, ++i), ...);
    return sum;
  }();

 private:
  // An in-place last layer is excluded: the layer before it would overwrite the output, which may be the addend.
  static constexpr bool adds = one_to_one && detail::FusesAddend<Last> && (count == 1 || !LayerTraits<Last>::in_place);

 public:
  static constexpr std::size_t scratch_size = Buffers::size;

  /// Visits the chain as "layers". The visitors of `io` flatten nested chains.
  constexpr void visit(auto& v) { v.chain("layers", *this); }

  /// Layer I. Its tensors can be set with `inlay::assign`.
  template <std::size_t I>
  constexpr auto& layer() noexcept {
    return std::get<I>(layers_);
  }
  template <std::size_t I>
  constexpr const auto& layer() const noexcept {
    return std::get<I>(layers_);
  }

  /// `for_each(f)` calls `f(std::integral_constant<std::size_t, I>{})` for each layer index I.
  static constexpr ForEachIndex<std::index_sequence_for<Layers...>> for_each{};

  void reset(State& state) const noexcept {
    for_each([&](auto i) INLAY_INLINE_LAMBDA { layer<i>().reset(std::get<i>(state.layers)); });
  }

  /// Computes one frame. The addend, if given, is passed to the last layer. Returns the number of output frames if the
  /// rate is not 1:1.
  template <std::same_as<const scalar*>... Addend>
    requires(sizeof...(Addend) == 0 || adds)
  INLAY_INLINE auto forward(State& state, const scalar* in, scalar* out, Context<scalar> context,
                            Addend... addend) const noexcept {
    const Context<scalar> inner{context.scratch + Buffers::layers_offset, context.condition};
    if constexpr (one_to_one && count == 1) {  // what the loop does, in half of its compile time
      detail::forward(layer<0>(), std::get<0>(state.layers), in, out, inner, addend...);
    } else if constexpr (one_to_one) {
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

  /// Adds the steps of all layers to a list.
  static constexpr void list_steps(detail::StepList& list) { (detail::list_steps<Layers>(list), ...); }
  /// Computes some steps of a frame, see `detail::forward_steps`. The addend is as for `forward`.
  template <std::same_as<const scalar*>... Addend>
  INLAY_INLINE void forward_steps(State& state, const scalar* in, scalar* out, Context<scalar> context,
                                  detail::FrameSteps& steps, Addend... addend) const noexcept {
    const Context<scalar> inner{context.scratch + Buffers::layers_offset, context.condition};
    for_each([&](auto i) INLAY_INLINE_LAMBDA {
      scalar* const to = buffer<i>(out, context);
      auto& memory = std::get<i>(state.layers);
      if constexpr (i + 1 == count) detail::forward_steps(layer<i>(), memory, in, to, inner, steps, addend...);
      else detail::forward_steps(layer<i>(), memory, in, to, inner, steps);
      in = to;
    });
  }

  /// Computes a tile. The addend and the return value are as for `forward`.
  template <std::same_as<const scalar*>... Addend>
    requires(sizeof...(Addend) == 0 || adds)
  auto process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames, Context<scalar> context,
               Addend... addend) const noexcept {
    const Context<scalar> inner{context.scratch + Buffers::layers_offset, context.condition};
    for_each([&](auto i) INLAY_INLINE_LAMBDA {
      constexpr std::size_t fused = detail::fused_layers<i, Layers...>();
      [[maybe_unused]] const Block<scalar> to(buffer<i>(out.row(0), context));
      [[maybe_unused]] auto& memory = std::get<i>(state.layers);
      if constexpr (detail::is_fused_into_earlier<i, Layers...>()) return;
      else if constexpr (fused > 1)
        process_fused<i, fused>(memory, in, to, frames, context.condition,
                                detail::PointwiseFunction{layer<i + fused - 1>()});
      else if constexpr (i + 1 == count) frames = detail::process(layer<i>(), memory, in, to, frames, inner, addend...);
      else frames = detail::process(layer<i>(), memory, in, to, frames, inner);
      in = to;
    });
    if constexpr (!one_to_one) return frames;
  }

  /// True if one pass over a tile computes the chain, see `fused_layers`.
  static constexpr bool in_one_pass = count > 1 && detail::fused_layers<0, Layers...>() == count;
  /// Computes a tile in one pass, in which the output is also added to the tile `from`. The sum is written to `to`.
  void process_and_add(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
                       Context<scalar> context, const scalar* from, scalar* to) const noexcept
    requires(in_one_pass)
  {
    const detail::PointwiseFunction function{layer<count - 1>()};
    process_fused<0, count>(std::get<0>(state.layers), in, out, frames, context.condition,
                            detail::AddedTo<decltype(function), scalar>{function, from, to});
  }

  /// Runs several voices layer by layer. Layers with `process_voices` interleave them.
  template <std::size_t Voices>
  void process_voices(const std::array<State*, Voices>& states, std::array<Block<const scalar>, Voices> in,
                      const std::array<Block<scalar>, Voices>& out, std::size_t frames,
                      const std::array<Context<scalar>, Voices>& contexts) const noexcept
    requires(one_to_one)
  {
    auto inner = contexts;
    for (Context<scalar>& context : inner) context.scratch += Buffers::layers_offset;
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
  /// Computes `Count` layers from layer I on in one pass. All but the first work in place, in the buffer of the first.
  template <std::size_t I, std::size_t Count>
  INLAY_INLINE void process_fused(auto& memory, Block<const scalar> in, Block<scalar> out, std::size_t frames,
                                  const scalar* condition, const auto& then) const noexcept {
    if constexpr (Count == 2) {
      layer<I>().process_then(memory, in, out, frames, then);
    } else {
      using Mixed = detail::MixedProduct<std::tuple_element_t<I + 1, std::tuple<Layers...>>>;
      layer<I>().process_then(memory, in, out, frames, then,
                              detail::OtherProduct{Mixed::of(layer<I + 1>()), condition});
    }
  }

  template <std::size_t I>
  static INLAY_INLINE scalar* buffer(scalar* out, Context<scalar> context) noexcept {
    constexpr std::size_t index = Buffers::indices[I];
    if constexpr (index == Buffers::result) return out;
    else return context.scratch + Buffers::offsets[index];
  }

  /// Runs one frame through the layers from I on. Recurses for each output frame of layer I.
  template <std::size_t I>
  INLAY_INLINE std::size_t forward_from(State& state, const scalar* in, scalar* out, Context<scalar> context,
                                        Context<scalar> inner) const noexcept {
    scalar* to = buffer<I>(out, context);
    const std::size_t output_frames = detail::forward(layer<I>(), std::get<I>(state.layers), in, to, inner);
    if constexpr (I + 1 == count) {
      return output_frames;
    } else {
      std::size_t written = 0;
      for (std::size_t f = 0; f < output_frames; ++f)
        written += forward_from<I + 1>(state, to + f * padded_frame<scalar>(out_sizes[I]),
                                       out + written * padded_frame<scalar>(out_size), context, inner);
      return written;
    }
  }

  std::tuple<Layers...> layers_;
};

namespace detail {

/// `Sequential<Layers...>`, or the argument itself if it is one `Sequential`.
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

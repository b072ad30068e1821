/// ModelT: a chain of layers known at compile time.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/model/neighbours.hpp"

namespace inlay {

/// A network whose layers run one after the other. Sizes and scalar are deduced from the layers.
///
/// A model owns its weights and one `State`; further states (`M::State voice;`) run on the same weights
/// through the const overloads, from several threads at once if each has a state of its own. `forward`,
/// `process` and `reset` do not allocate, lock, throw or call the system. Copying copies weights and
/// state; both may be large, so let a model live in static storage or on the heap.
template <Layer... Layers>
class ModelT {
  static_assert(sizeof...(Layers) > 0, "inlay::ModelT: a model has at least one layer");
  using First = std::tuple_element_t<0, std::tuple<Layers...>>;
  using Indices = std::index_sequence_for<Layers...>;
  static constexpr std::array<std::size_t, sizeof...(Layers)> in_sizes{Layers::in_size...},
      out_sizes{Layers::out_size...};

 public:
  using scalar = typename First::scalar;
  static_assert((std::same_as<scalar, typename Layers::scalar> && ...),
                "inlay::ModelT: layers differ in their scalar type");

  /// Channels in and out.
  static constexpr std::size_t in_size = in_sizes.front(), out_size = out_sizes.back();
  static constexpr std::size_t layer_count = sizeof...(Layers);
  /// Frames of input that an output depends on, the present one included; `inlay::unbounded` for a model
  /// with a recurrent layer.
  static constexpr std::size_t receptive_field =
      ((Layers::receptive_field == unbounded) || ...) ? unbounded : (1 + ... + (Layers::receptive_field - 1));
  /// Trained (and, for batch normalisation, gathered) numbers, as frameworks count them.
  static constexpr std::size_t parameters = (0 + ... + Layers::parameters);
  /// Multiply-accumulates for each frame, those of the mathematical functions left out.
  static constexpr std::size_t macs_per_sample = (0 + ... + Layers::macs);
  /// Bytes of memory that the weights take, padding included.
  static constexpr std::size_t weight_bytes = (0 + ... + sizeof(Layers));

  /// What a model remembers of one signal, and its scratch memory. A new one is at the start of a signal.
  class State {
    friend ModelT;
    static constexpr std::size_t channels = std::max({Layers::in_size..., Layers::out_size...});
    // A frame may need more room than a channel of a tile has: whole cache lines for all its values.
    static constexpr std::size_t scratch_size = std::max(channels * tile_frames, padded_frame<scalar>(channels));

    std::tuple<typename Layers::State...> layers;
    alignas(alignment) scalar scratch[2][scratch_size]{};
  };
  /// Bytes of memory that a state takes, scratch memory included.
  static constexpr std::size_t state_bytes = sizeof(State);

  /// Loads weights from a std::filesystem::path, a std::istream or a nlohmann::json and runs the file's
  /// check. Returns what the file says beside the network (inlay::ModelInfo). Throws inlay::load_error, and
  /// then the model is as it was; otherwise resets the state it owns. Not for the audio thread.
  /// Needs <inlay/inlay.hpp>.
  template <class Source>
  auto load(Source&& source) {
    return load_model(*this, std::forward<Source>(source));
  }
  /// The same from the text of a file.
  template <class Text>
  auto load_text(const Text& text) {
    return load_model_text(*this, text);
  }

  /// Layer number I, whose tensors can be set by hand (see `inlay::assign`).
  template <std::size_t I>
  auto& layer() noexcept {
    return std::get<I>(layers_);
  }
  template <std::size_t I>
  const auto& layer() const noexcept {
    return std::get<I>(layers_);
  }

  /// Puts a state to the start of a signal.
  void reset(State& state) const noexcept {
    for_each([&](auto i) INLAY_INLINE_LAMBDA { layer<i>().reset(std::get<i>(state.layers)); });
  }
  void reset() noexcept { reset(state_); }

  /// One frame: `in_size` values in, `out_size` values out. `in` and `out` may be the same memory.
  INLAY_INLINE void forward(State& state, std::span<const scalar, in_size> in,
                            std::span<scalar, out_size> out) const noexcept {
    if constexpr (in_whole_registers) {
      copy(run_frame(state, in.data()), out_size, out.data());
    } else {
      if constexpr (requires { typename First::backend; })
        copy_exactly<typename First::backend, in_size>(in.data(), state.scratch[0]);
      else copy(in.data(), in_size, state.scratch[0]);
      copy(run_frame(state, state.scratch[0]), out_size, out.data());
    }
  }
  INLAY_INLINE void forward(std::span<const scalar, in_size> in, std::span<scalar, out_size> out) noexcept {
    forward(state_, in, out);
  }

  INLAY_INLINE scalar forward(State& state, scalar in) const noexcept
    requires(in_size == 1 && out_size == 1)
  {
    state.scratch[0][0] = in;
    return run_frame(state, state.scratch[0])[0];
  }
  INLAY_INLINE scalar forward(scalar in) noexcept
    requires(in_size == 1 && out_size == 1)
  {
    return forward(state_, in);
  }

  /// `frames` frames, planar: in[c] and out[c] are the channels, of any alignment. In place means that
  /// out[c] == in[c] for each channel that both have; no other overlap is allowed. The output does not
  /// depend on how a signal is cut into calls, to the last bit.
  void process(State& state, const scalar* const* in, scalar* const* out, std::size_t frames) const noexcept {
    assert(overlaps_only_in_place(in, out, frames));
    for (std::size_t first = 0; first < frames; first += tile_frames) {
      const std::size_t count = std::min(frames - first, tile_frames);
      const Block<scalar> x(state.scratch[0]);
      for (std::size_t c = 0; c < in_size; ++c) copy(in[c] + first, count, x.row(c));
      const Block<scalar> y = run_tile(state, count);
      for (std::size_t c = 0; c < out_size; ++c) copy(y.row(c), count, out[c] + first);
    }
  }
  void process(const scalar* const* in, scalar* const* out, std::size_t frames) noexcept {
    process(state_, in, out, frames);
  }

  /// One channel in, one out; as many frames as the shorter of both.
  void process(State& state, std::span<const scalar> in, std::span<scalar> out) const noexcept
    requires(in_size == 1 && out_size == 1)
  {
    const scalar* const from = in.data();
    scalar* const to = out.data();
    process(state, &from, &to, std::min(in.size(), out.size()));
  }
  void process(std::span<const scalar> in, std::span<scalar> out) noexcept
    requires(in_size == 1 && out_size == 1)
  {
    process(state_, in, out);
  }

  /// Calls `f(std::integral_constant<std::size_t, I>)` for each layer.
  template <class F>
  static INLAY_INLINE void for_each(F&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>)
        INLAY_INLINE_LAMBDA { (f(std::integral_constant<std::size_t, I>{}), ...); }(Indices{});
  }

 private:
  template <std::size_t... I>
  static detail::Neighbours<detail::LayerFitsTheOneBefore<I + 1, in_sizes[I + 1], out_sizes[I]>...> neighbours(
      std::index_sequence<I...>);
  static_assert(decltype(neighbours(std::make_index_sequence<sizeof...(Layers) - 1>{}))::checked);

  template <class L>
  static constexpr bool is_pointwise = [] {
    if constexpr (requires { L::pointwise; }) return L::pointwise;
    else return false;
  }();

  /// Whether the first layer reads nothing behind a frame, so that it can read a user's memory.
  static constexpr bool in_whole_registers = [] {
    if constexpr (requires { First::backend::lanes(in_size); }) return in_size % First::backend::lanes(in_size) == 0;
    else return in_size * sizeof(scalar) % alignment == 0;
  }();

  /// Which scratch buffer the output of each layer is in: pointwise layers work in place, others change.
  static constexpr std::array<std::size_t, sizeof...(Layers)> buffers = [] {
    std::array<std::size_t, sizeof...(Layers)> chosen{is_pointwise<Layers>...};
    std::size_t buffer = 0;
    for (std::size_t& b : chosen) b = buffer = b ? buffer : 1 - buffer;
    return chosen;
  }();
  static constexpr std::size_t buffer_before(std::size_t i) { return i == 0 ? 0 : buffers[i - 1]; }

  INLAY_INLINE const scalar* run_frame(State& state, const scalar* in) const noexcept {
    for_each([&](auto i) INLAY_INLINE_LAMBDA {
      scalar* out = state.scratch[buffers[i]];
      layer<i>().forward(std::get<i>(state.layers), in, out);
      in = out;
    });
    return in;
  }

  Block<scalar> run_tile(State& state, std::size_t frames) const noexcept {
    for_each([&](auto i) INLAY_INLINE_LAMBDA {
      layer<i>().process(std::get<i>(state.layers), Block<const scalar>(state.scratch[buffer_before(i)]),
                         Block<scalar>(state.scratch[buffers[i]]), frames);
    });
    return Block<scalar>(state.scratch[buffers.back()]);
  }

  /// Channels are compared in pairs only where the memory of all inputs meets that of all outputs, so that the
  /// assertion is cheap in an optimised build that keeps it.
  static bool overlaps_only_in_place(const scalar* const* in, scalar* const* out, std::size_t frames) noexcept {
    if (frames == 0) return true;
    const auto address = [](const scalar* p) { return reinterpret_cast<std::uintptr_t>(p); };
    const std::size_t bytes = frames * sizeof(scalar);
    const auto meet = [&](const scalar* a, const scalar* b) {
      return address(a) < address(b) + bytes && address(b) < address(a) + bytes;
    };
    const auto before = [&](const scalar* a, const scalar* b) { return address(a) < address(b); };
    const auto [first_in, last_in] = std::minmax_element(in, in + in_size, before);
    const auto [first_out, last_out] = std::minmax_element(out, out + out_size, before);
    if (address(*last_in) + bytes <= address(*first_out) || address(*last_out) + bytes <= address(*first_in))
      return true;
    for (std::size_t i = 0; i < in_size; ++i)
      for (std::size_t o = 0; o < out_size; ++o)
        if (!(i == o && in[i] == out[o]) && meet(in[i], out[o])) return false;
    return true;
  }

  std::tuple<Layers...> layers_;
  State state_;
};

}  // namespace inlay

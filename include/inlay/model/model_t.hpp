/// ModelT: a chain of layers known at compile time, with the interface that a host calls.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <span>
#include <utility>

#include "inlay/combinators/sequential.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/model/overlap.hpp"
#include "inlay/model/sample_rate.hpp"
#include "inlay/model/tiles.hpp"

namespace inlay::INLAY_ISA {

/// A network whose layers run one after the other. Sizes and scalar are deduced from the layers.
///
/// A model owns its weights and one `State`; further states (`M::State voice;`) run on the same weights
/// through the const overloads, from several threads at once if each has a state of its own. `forward`,
/// `process` and `reset` do not allocate, lock, throw or call the system. Copying copies weights and
/// state; both may be large, so let a model live in static storage or on the heap.
template <Layer... Layers>
class ModelT {
  static_assert(sizeof...(Layers) > 0, "inlay::ModelT: a model has at least one layer");
  using Network = Sequential<Layers...>;
  using First = std::tuple_element_t<0, std::tuple<Layers...>>;

 public:
  using scalar = typename Network::scalar;

  /// Channels in and out, and side channels.
  static constexpr std::size_t in_size = Network::in_size, out_size = Network::out_size;
  static constexpr std::size_t condition_size = Network::condition_size;
  static constexpr std::size_t layer_count = sizeof...(Layers);
  /// Frames out for frames in, in lowest terms, and whether each frame in gives exactly one.
  static constexpr Rate rate = Network::rate;
  static constexpr bool one_to_one = Network::one_to_one;
  /// The most frames that `frames` frames of input can give: the room that `process` needs.
  static constexpr std::size_t most_frames(std::size_t frames) {
    return one_to_one ? frames : Network::most_frames(frames);
  }
  /// The most frames that one `forward` can give.
  static constexpr std::size_t max_frames_per_input = most_frames(1);
  /// Frames of input that an output depends on, the present one included; `inlay::unbounded` for a model
  /// with a recurrent layer.
  static constexpr std::size_t receptive_field = Network::receptive_field;
  /// The first frame of input from which on the output does not depend on the zeros before the start.
  static constexpr std::size_t warmup_frames = Network::warmup_frames;
  /// Frames of input by which the output is late (see LayerTraits).
  static constexpr std::size_t latency() noexcept { return Network::latency; }
  /// Trained (and, for batch normalisation, gathered) numbers, as frameworks count them.
  static constexpr std::size_t parameters = Network::parameters;
  /// Multiply-accumulates for each frame, those of the mathematical functions left out.
  static constexpr std::size_t macs_per_sample = Network::macs;
  /// Bytes of memory that the weights take, padding included.
  static constexpr std::size_t weight_bytes = sizeof(Network);

  /// What a model remembers of one signal, and its scratch memory. A new one is at the start of a signal.
  class State {
    friend ModelT;
    static constexpr std::size_t input = 0, output = input + scratch_block<scalar>(scratch_tile<scalar>(in_size));
    static constexpr std::size_t condition =
        output + scratch_block<scalar>(scratch_tile<scalar>(out_size, max_frames_per_input));
    static constexpr std::size_t network =
        condition + (condition_size == 0 ? 0 : scratch_block<scalar>(scratch_tile<scalar>(condition_size)));

    scalar* at(std::size_t offset) noexcept { return scratch + offset; }
    detail::Tiles<scalar> tiles() noexcept {
      return {Block<scalar>(at(input)), Block<scalar>(at(output)), Block<scalar>(at(condition))};
    }
    Context<scalar> context() noexcept { return {at(network), at(condition)}; }

    typename Network::State layers;
    alignas(alignment) scalar scratch[network + Network::scratch_size]{};
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
    return network_.template layer<I>();
  }
  template <std::size_t I>
  const auto& layer() const noexcept {
    return network_.template layer<I>();
  }
  /// All of them, as one layer.
  Network& layers() noexcept { return network_; }

  /// Goes to another sample rate than the trained one, in Hz: every recurrent layer must be `RateCorrected`, up to the
  /// ratio of both, and no other layer may look back. Returns false where that is not so, or where `hz` is below
  /// `trained_hz`, and changes nothing. `load` goes back to the trained rate. Does not allocate; not while the model
  /// runs.
  [[nodiscard]] bool set_sample_rate(double hz, double trained_hz) noexcept {
    detail::RateCorrection test{hz / trained_hz, false}, correction{hz / trained_hz, true};
    network_.visit(test);
    if (test.possible) network_.visit(correction);
    return test.possible;
  }

  /// Puts a state to the start of a signal.
  void reset(State& state) const noexcept { network_.reset(state.layers); }
  void reset() noexcept { reset(state_); }

  /// One frame: `in_size` values in, `out_size` values out, and `condition_size` values of side channels for a model
  /// that has them. `in` and `out` may be the same memory. Where the rate is not one to one, returns how many
  /// frames it wrote, one behind the other; `out` has room for `max_frames_per_input`.
  INLAY_INLINE auto forward(State& state, std::span<const scalar, in_size> in,
                            std::span<scalar, max_frames_per_input * out_size> out,
                            std::span<const scalar, condition_size> condition) const noexcept {
    if constexpr (condition_size > 0) copy(condition.data(), condition_size, state.at(State::condition));
    return frame(state, in.data(), out.data());
  }
  INLAY_INLINE auto forward(std::span<const scalar, in_size> in, std::span<scalar, max_frames_per_input * out_size> out,
                            std::span<const scalar, condition_size> condition) noexcept {
    return forward(state_, in, out, condition);
  }
  INLAY_INLINE auto forward(State& state, std::span<const scalar, in_size> in,
                            std::span<scalar, max_frames_per_input * out_size> out) const noexcept
    requires(condition_size == 0)
  {
    return frame(state, in.data(), out.data());
  }
  INLAY_INLINE auto forward(std::span<const scalar, in_size> in,
                            std::span<scalar, max_frames_per_input * out_size> out) noexcept
    requires(condition_size == 0)
  {
    return forward(state_, in, out);
  }

  INLAY_INLINE scalar forward(State& state, scalar in) const noexcept
    requires(in_size == 1 && out_size == 1 && one_to_one && condition_size == 0)
  {
    scalar* x = state.at(State::input);
    *x = in;
    run_frame(state, x);
    return *state.at(State::output);
  }
  INLAY_INLINE scalar forward(scalar in) noexcept
    requires(in_size == 1 && out_size == 1 && one_to_one && condition_size == 0)
  {
    return forward(state_, in);
  }

  /// `frames` frames, planar: in[c] and out[c] are the channels, of any alignment. In place means that
  /// out[c] == in[c] for each channel that both have; no other overlap is allowed. The output does not
  /// depend on how a signal is cut into calls, to the last bit. Returns the number of frames written, which is
  /// `frames` where the rate is one to one, and at most `most_frames(frames)`.
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

  /// One channel in, one out; as many frames as the shorter of both.
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

  /// Chosen where nothing else fits, for the sake of its message.
  template <class Model = ModelT>
  std::size_t process(...) const {
    static_assert(
        sizeof(Model) == 0,
        "inlay: process takes (in, out, frames), planar: const T* const* in and T* const* out, one pointer for "
        "each channel; with one channel in and out also spans of samples; side channels come last; a const "
        "model takes a State first");
    return 0;
  }
  template <class Model = ModelT>
  std::size_t forward(...) const {
    static_assert(
        sizeof(Model) == 0,
        "inlay: forward takes a frame, (in, out): spans or arrays of in_size and of out_size values of the "
        "model's scalar, and of condition_size values for a model with side channels; with one channel in and "
        "out also a sample; a const model takes a State first");
    return 0;
  }

  /// Several voices at once, each with a state of its own: the channels of a stereo signal, the notes of a synthesiser.
  /// `in` are the channels of the first voice, then those of the second, ...; `out` likewise; of side channels there is
  /// one Condition for each voice. The output is that of `process` for one voice after the other, to the last bit. It
  /// takes less time where a network of recurrent layers, each step of which waits for the step before, leaves a
  /// processor idle.
  void process(std::span<State* const> voices, const scalar* const* in, scalar* const* out, std::size_t frames,
               std::span<const Condition<scalar>> conditions = {}) const noexcept
    requires one_to_one
  {
    assert(condition_size == 0 || conditions.size() == voices.size());
    const auto condition = [&](std::size_t v) { return conditions.empty() ? Condition<scalar>{} : conditions[v]; };
    std::size_t v = 0;
    for (; v + 2 <= voices.size(); v += 2)  // more at once would need more registers than there are
      pair({voices[v], voices[v + 1]}, in + v * in_size, out + v * out_size, frames, {condition(v), condition(v + 1)});
    if (v < voices.size()) process(*voices[v], in + v * in_size, out + v * out_size, frames, condition(v));
  }

  /// Calls `f(std::integral_constant<std::size_t, I>)` for each layer.
  template <class F>
  static INLAY_INLINE void for_each(F&& f) {
    Network::for_each(std::forward<F>(f));
  }

 private:
  static constexpr detail::Widths widths{in_size, out_size, condition_size};

  std::size_t buffer(State& state, const scalar* const* in, scalar* const* out, std::size_t frames,
                     Condition<scalar> condition) const noexcept {
    assert(!one_to_one || detail::overlaps_only_in_place(in, in_size, out, out_size, frames));
    assert(condition.values.size() <= condition_size);
    assert(condition.values.size() == condition_size || condition.channels != nullptr);
    const detail::Tiles<scalar> at = state.tiles();
    return detail::by_tiles<scalar>(
        widths, at, Network::tile, in, out, frames, condition, [&](std::size_t count) INLAY_INLINE_LAMBDA {
          return detail::process(network_, state.layers, Block<const scalar>(at.in), at.out, count, state.context());
        });
  }

  /// Two voices, tile by tile.
  void pair(std::array<State*, 2> voices, const scalar* const* in, scalar* const* out, std::size_t frames,
            std::array<Condition<scalar>, 2> conditions) const noexcept {
    const auto both = [&](auto f) INLAY_INLINE_LAMBDA { return std::array{f(*voices[0]), f(*voices[1])}; };
    const auto states = both([](State& state) { return &state.layers; });
    const auto contexts = both([](State& state) { return state.context(); });
    const auto x = both([](State& state) { return Block<const scalar>(state.tiles().in); });
    const auto y = both([](State& state) { return state.tiles().out; });
    for (std::size_t first = 0; first < frames; first += Network::tile) {
      const std::size_t count = std::min(frames - first, Network::tile);
      for (std::size_t v = 0; v < 2; ++v)
        detail::take_tile(widths, voices[v]->tiles(), in + v * in_size, conditions[v], first, count);
      detail::process_voices(network_, states, x, y, count, contexts);
      for (std::size_t v = 0; v < 2; ++v)
        detail::leave_tile(widths, voices[v]->tiles(), out + v * out_size, first, count);
    }
  }

  INLAY_INLINE std::size_t run_frame(State& state, const scalar* in) const noexcept {
    return detail::forward(network_, state.layers, in, state.at(State::output), state.context());
  }

  INLAY_INLINE auto frame(State& state, const scalar* in, scalar* out) const noexcept {
    // A first layer that reads nothing behind a frame can read the user's memory.
    if constexpr (in_size % Network::frame_unit != 0) {
      scalar* x = state.at(State::input);
      if constexpr (requires { typename First::backend; }) copy_exactly<typename First::backend, in_size>(in, x);
      else copy(in, in_size, x);
      in = x;
    }
    const scalar* y = state.at(State::output);
    if constexpr (one_to_one) {
      run_frame(state, in);
      copy(y, out_size, out);
    } else {
      const std::size_t given = run_frame(state, in);
      for (std::size_t f = 0; f < given; ++f)
        copy(y + f * padded_frame<scalar>(out_size), out_size, out + f * out_size);
      return given;
    }
  }

  Network network_;
  State state_;
};

}  // namespace inlay::INLAY_ISA

/// Voices: a model, and a state for each signal that goes through it.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "inlay/core/channel_memory.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/core/layer_shape.hpp"

namespace inlay {

/// A type with inlay's interface of a model: `ModelT`, `Model`, `Dispatched`, `Resampled`.
template <class M>
concept InlayModel = requires(const M& model, typename M::State& state) {
  typename M::scalar;
  model.reset(state);
  { model.latency() } -> std::convertible_to<std::size_t>;
};

/// Numbers of channels of a model, and its rate.
struct ModelSizes {
  std::size_t in, out, condition;
  Rate rate;
};

/// Returns the sizes of a model of any kind.
template <InlayModel M>
ModelSizes sizes_of(const M& model) {
  if constexpr (requires { model.in_size(); })
    return {model.in_size(), model.out_size(), model.condition_size(), model.rate()};
  else return {M::in_size, M::out_size, M::condition_size, M::rate};
}

/// Returns whether each input frame gives exactly one output frame.
template <InlayModel M>
bool is_one_to_one(const M& model) {
  if constexpr (requires { model.one_to_one(); }) return model.one_to_one();
  else return M::one_to_one;
}

/// Returns the number of input frames that an output of a model depends on; `unbounded` for recurrent networks.
template <InlayModel M>
std::size_t receptive_field_of(const M& model) {
  if constexpr (requires { model.receptive_field(); }) return model.receptive_field();
  else return M::receptive_field;
}

/// Returns a new state of a model.
template <InlayModel M>
typename M::State new_state_of(const M& model) {
  if constexpr (requires { model.new_state(); }) return model.new_state();
  else return typename M::State();
}

/// A model and `count` states: the channels of a stereo signal through a mono model, or the notes of a synthesiser.
/// Construction allocates; all else is real-time safe.
///
/// `Held` is M, or std::reference_wrapper<const M> for a model that stays elsewhere.
template <InlayModel M, class Held = M>
class Voices {
 public:
  using scalar = typename M::scalar;
  using State = typename M::State;

  /// `prewarm` is the number of frames of silence after which a signal starts: `ModelInfo::prewarm`, for model types.
  /// `Model` sees to it itself.
  template <class A>
    requires std::constructible_from<Held, A>
  explicit Voices(A&& model, std::size_t count = 1, std::size_t prewarm = 0)
      : model_(std::forward<A>(model)), sizes_(sizes_of(this->model())), pointers_(count), conditions_(count) {
    states_.reserve(count);
    for (std::size_t v = 0; v < count; ++v) add_state(states_);
    if (prewarm > 0) start_after_silence(prewarm);
  }

  const M& model() const noexcept { return model_; }
  const ModelSizes& sizes() const noexcept { return sizes_; }
  std::size_t count() const noexcept { return states_.size(); }

  /// Sets one voice, or all, to the start of a signal.
  void reset(std::size_t voice) noexcept {
    if (start_.empty()) model().reset(states_[voice]);
    else states_[voice] = start_.front();
  }
  void reset() noexcept {
    for (std::size_t v = 0; v < count(); ++v) reset(v);
  }

  /// Computes all voices. `in` and `out` hold the channels of the first voice, then those of the second, and so on. All
  /// have the same side channels. `out` may be `in` if there is one voice, or as many outputs as inputs. A model that
  /// changes the rate has one voice.
  void process(const scalar* const* in, scalar* const* out, std::size_t frames, Condition<scalar> condition) noexcept {
    if constexpr (requires { this->model().process(std::span<State* const>(), in, out, frames); }) {
      if (count() > 1) {
        for (std::size_t v = 0; v < count(); ++v) pointers_[v] = &states_[v], conditions_[v] = condition;
        model().process(std::span<State* const>(pointers_), in, out, frames,
                        std::span<const Condition<scalar>>(conditions_));
        return;
      }
    }
    for (std::size_t v = 0; v < count(); ++v)
      model().process(states_[v], in + v * sizes_.in, out + v * sizes_.out, frames, condition);
  }

 private:
  void start_after_silence(std::size_t frames) {
    constexpr std::size_t part = 256;
    internal::ChannelMemory<scalar> silence(sizes_.in + sizes_.condition, part), ignored(sizes_.out, part);
    add_state(start_);
    for (std::size_t done = 0; done < frames; done += part)
      model().process(start_.front(), silence.channels(), ignored.channels(), std::min(part, frames - done),
                      Condition<scalar>(silence.channels() + sizes_.in));
    reset();
  }
  /// Makes a state where it stays: it can be larger than the stack.
  void add_state(std::vector<State>& states) {
    if constexpr (requires { this->model().new_state(); }) states.push_back(model().new_state());
    else states.emplace_back();
    model().reset(states.back());
  }

  Held model_;
  ModelSizes sizes_;
  std::vector<State> states_;
  std::vector<State> start_;  ///< the state that a signal starts from, if it is not the model's
  std::vector<State*> pointers_;
  std::vector<Condition<scalar>> conditions_;
};

}  // namespace inlay

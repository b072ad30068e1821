/// Interleaved: a model at a multiple of the sample rate that it was trained at, without filters and without latency.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "inlay/core/condition.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/model/voices.hpp"

namespace inlay {

/// Runs a model at `factor` times the sample rate that it was trained at. For a model F of the present and the past
/// frames, y(n) = F(x(n), x(n - 1), x(n - 2), ...), it computes
///
///     y(n) = F(x(n), x(n - factor), x(n - 2 factor), ...)
///
/// so that every delay inside the network lasts as long as it did: the dilations and kernels of a convolution, the
/// feedback of a recurrent layer. The frequency response of the trained rate stays, exactly, up to half of that rate.
/// This holds for every network. It is computed with one state per phase: frame n goes to the state n modulo `factor`,
/// which sees its frames at the trained rate.
///
///     inlay::Interleaved<inlay::Model<float>> amp(std::move(model), 2);  // trained at 48 kHz, host at 96 kHz
///     amp.process(in, out, frames);
///
/// M is a model that gives one output frame per input frame: `ModelT`, `Model`, `Dispatched`. An Interleaved is a model
/// as well. Cost per frame: that of the model. Memory: `factor` states; the weights are there once.
///
/// The input should have nothing above half of the trained rate, where the response repeats: see `Oversampled`.
///
/// Real-time safety: `process` and `reset` do not allocate, lock, throw or make system calls. Constructing and copying
/// allocate. Copies are independent. A moved-from object can only be destroyed or assigned to.
///
/// How a signal is cut into calls does not change the output, to the last bit.
template <InlayModel M>
class Interleaved {
 public:
  using scalar = typename M::scalar;

 private:
  using T = scalar;

 public:
  /// The memory of one signal. Copies are independent.
  class State {
    friend Interleaved;
    State(const M& model, const ModelSizes& sizes, std::size_t factor, std::size_t frames)
        : voices_(factor), inputs_((sizes.in + sizes.condition) * factor), outputs_(sizes.out * factor) {
      phases_.reserve(factor);
      for (std::size_t p = 0; p < factor; ++p) {
        if constexpr (requires { model.new_state(); }) phases_.push_back(model.new_state());
        else model.reset(phases_.emplace_back());
      }
      memory_.resize((inputs_.size() + outputs_.size()) * frames);
    }

    std::vector<typename M::State> phases_;
    std::size_t next_ = 0;  // the phase of the next frame
    std::vector<typename M::State*> voices_;
    // Of the phases in turn: their inputs, then their side channels; their outputs.
    std::vector<T*> inputs_, outputs_;
    std::vector<Condition<T>> conditions_{voices_.size()};
    std::vector<T> memory_;
  };

  /// `max_frames`: frames that are processed at once. Longer calls are processed in pieces; the output is the same.
  /// Throws std::invalid_argument if the model changes the rate, or if `factor` or `max_frames` is 0.
  explicit Interleaved(M model, std::size_t factor, std::size_t max_frames = 512)
      : model_(std::move(model)),
        sizes_(sizes_of(model_)),
        factor_(checked(model_, factor, max_frames)),
        frames_((max_frames + factor - 1) / factor),
        state_(new_state()) {}

  const M& model() const noexcept { return model_; }
  /// The multiple of the trained rate at which this runs.
  std::size_t factor() const noexcept { return factor_; }

  std::size_t in_size() const noexcept { return sizes_.in; }
  std::size_t out_size() const noexcept { return sizes_.out; }
  std::size_t condition_size() const noexcept { return sizes_.condition; }
  Rate rate() const noexcept { return {}; }
  bool one_to_one() const noexcept { return true; }
  std::size_t latency() const noexcept { return model_.latency() * factor_; }
  /// Number of frames that an output depends on; `inlay::unbounded` for recurrent networks.
  std::size_t receptive_field() const noexcept {
    const std::size_t field = receptive_field_of(model_);
    return field == unbounded || field == 0 ? field : (field - 1) * factor_ + 1;
  }
  /// The sample rate at which this runs, in Hz, if the model's file states its own.
  std::optional<double> sample_rate() const noexcept
    requires requires(const M& model) { model.sample_rate(); }
  {
    const std::optional<double> own = model_.sample_rate();
    return own ? std::optional(*own * static_cast<double>(factor_)) : own;
  }

  /// Makes a state at the start of a signal, as after `reset`. Allocates.
  State new_state() const { return State(model_, sizes_, factor_, frames_); }

  /// Sets a state to the start of a signal.
  void reset(State& state) const noexcept {
    for (typename M::State& phase : state.phases_) model_.reset(phase);
    state.next_ = 0;
  }
  void reset() noexcept { reset(state_); }

  /// Computes `frames` frames of planar audio, any number. In-place processing is allowed, out[c] == in[c]; no other
  /// overlap is. Returns `frames`, or 0 if the side channels do not fit; nothing is computed then.
  std::size_t process(State& state, const T* const* in, T* const* out, std::size_t frames,
                      Condition<T> condition = {}) const noexcept {
    if (!condition.fits(sizes_.condition)) return 0;
    for (std::size_t done = 0; done < frames;) {
      // Whole rounds of all phases, then what is left.
      const std::size_t left = frames - done, rounds = std::min(left / factor_, frames_);
      const std::size_t phases = rounds > 0 ? factor_ : left, count = rounds > 0 ? rounds : 1;
      piece(state, in, out, done, phases, count, condition);
      state.next_ = (state.next_ + phases) % factor_;
      done += phases * count;
    }
    return frames;
  }
  std::size_t process(const T* const* in, T* const* out, std::size_t frames, Condition<T> condition = {}) noexcept {
    return process(state_, in, out, frames, condition);
  }

  /// Computes a mono signal of a model with one channel in and out. The number of frames is the smaller of both sizes.
  /// Returns it, or 0 if there are more channels.
  std::size_t process(std::span<const T> in, std::span<T> out, Condition<T> condition = {}) noexcept {
    if (sizes_.in != 1 || sizes_.out != 1) return 0;
    const T* const from = in.data();
    T* const to = out.data();
    return process(&from, &to, std::min(in.size(), out.size()), condition);
  }

 private:
  static std::size_t checked(const M& model, std::size_t factor, std::size_t max_frames) {
    const auto check = [](bool right, const char* what) {
      if (!right) throw std::invalid_argument(what);
    };
    check(is_one_to_one(model), "inlay::Interleaved: the model must give one output frame per input frame");
    check(factor > 0, "inlay::Interleaved: factor must be at least 1");
    check(max_frames > 0, "inlay::Interleaved: max_frames must be at least 1");
    return factor;
  }

  /// Computes `count` frames of each of `phases` phases, from the frame `first` on.
  void piece(State& state, const T* const* in, T* const* out, std::size_t first, std::size_t phases, std::size_t count,
             const Condition<T>& condition) const noexcept {
    const std::size_t signals = sizes_.condition - condition.values.size(), inputs = sizes_.in + signals;
    T* memory = state.memory_.data();
    for (std::size_t p = 0; p < phases; ++p) {
      state.voices_[p] = &state.phases_[(state.next_ + p) % factor_];
      for (std::size_t c = 0; c < inputs; ++c, memory += count) {
        const T* from = (c < sizes_.in ? in[c] : condition.channels[c - sizes_.in]) + first + p;
        for (std::size_t i = 0; i < count; ++i) memory[i] = from[i * phases];
        // The model wants the inputs of all phases in a row, and the side channels of each phase.
        state.inputs_[c < sizes_.in ? p * sizes_.in + c : phases * sizes_.in + p * signals + c - sizes_.in] = memory;
      }
      for (std::size_t c = 0; c < sizes_.out; ++c, memory += count) state.outputs_[p * sizes_.out + c] = memory;
      state.conditions_[p] = {state.inputs_.data() + phases * sizes_.in + p * signals, condition.values};
    }
    compute(state, phases, count);
    for (std::size_t p = 0; p < phases; ++p)
      for (std::size_t c = 0; c < sizes_.out; ++c) {
        const T* from = state.outputs_[p * sizes_.out + c];
        T* to = out[c] + first + p;
        for (std::size_t i = 0; i < count; ++i) to[i * phases] = from[i];
      }
  }

  /// Runs the model on the first `phases` voices of `state`. They are computed together if the model can.
  void compute(State& state, std::size_t phases, std::size_t count) const noexcept {
    const std::span<typename M::State* const> voices(state.voices_.data(), phases);
    T *const *in = state.inputs_.data(), *const *out = state.outputs_.data();
    if constexpr (requires { model_.process(voices, in, out, count); }) {
      if (phases > 1)
        return model_.process(voices, in, out, count, std::span<const Condition<T>>(state.conditions_.data(), phases));
    }
    for (std::size_t p = 0; p < phases; ++p)
      model_.process(*voices[p], in + p * sizes_.in, out + p * sizes_.out, count, state.conditions_[p]);
  }

  M model_;
  ModelSizes sizes_;
  std::size_t factor_, frames_;  ///< frames_: of each phase, at once
  State state_;
};

}  // namespace inlay

/// Oversampled: a model at a multiple of its sample rate, between filters, so that its distortion aliases less.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/model/voices.hpp"
#include "inlay/plugin/half_band.hpp"
#include "inlay/plugin/interleaved.hpp"
#include "inlay/plugin/resampling.hpp"

namespace inlay {

/// Options of an `Oversampled`.
struct OversampledOptions {
  /// The model runs at so many times its sample rate: 2, 4, 8 or 16.
  std::size_t factor = 4;
  /// Sample rate in Hz that the model was trained at and that the signal has. Default: the rate that the model's file
  /// states.
  std::optional<double> sample_rate{};
  Resampling quality = Resampling::standard;
  /// Number of frames that are processed at once. Longer calls are processed in pieces; the output is the same.
  std::size_t max_frames = 512;
};

}  // namespace inlay

namespace inlay::INLAY_ISA {

namespace detail {

/// The filters for an oversampling by 2^stages, the first one for the lowest rate, and their delay.
template <class T>
class HalfBands {
 public:
  HalfBands(Resampling quality, double rate, std::size_t stages, std::size_t model_latency) {
    const LowPass low_pass = oversampling_low_pass(quality, rate);
    std::size_t late = model_latency << stages;  // in frames of the highest rate
    for (std::size_t s = 0; s < stages; ++s) {
      const double own_rate = std::ldexp(rate, static_cast<int>(s));
      const HalfBand<T>& filter = filters_.emplace_back(low_pass.pass / own_rate, low_pass.attenuation);
      late += (Doubled<T>::latency(filter) + Halved<T>::latency(filter)) << (stages - 1 - s);
    }
    const std::size_t factor = std::size_t{1} << stages;
    latency_ = (late + factor - 1) / factor;
    delay_ = latency_ * factor - late;
  }

  std::size_t stages() const noexcept { return filters_.size(); }
  const HalfBand<T>& operator[](std::size_t stage) const noexcept { return filters_[stage]; }
  /// The whole delay, in frames of the lowest rate.
  std::size_t latency() const noexcept { return latency_; }
  /// What the highest rate is delayed by, in its frames, so that the whole delay is a whole number of frames.
  std::size_t delay() const noexcept { return delay_; }

 private:
  std::vector<HalfBand<T>> filters_;
  std::size_t latency_ = 0, delay_ = 0;
};

/// A signal at 2^stages times its rate, in steps of 2.
template <class T>
class Raised {
 public:
  Raised(const HalfBands<T>& filters, std::size_t frames) {
    for (std::size_t s = 0; s < filters.stages(); ++s) {
      steps_.emplace_back(filters[s], frames << s);
      signals_.emplace_back(frames << (s + 1));
    }
  }
  void reset() noexcept {
    for (Doubled<T>& step : steps_) step.reset();
  }
  T* process(const HalfBands<T>& filters, const T* in, std::size_t frames) noexcept {
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      steps_[s].process(filters[s], in, signals_[s].data(), frames << s);
      in = signals_[s].data();
    }
    return signals_.back().data();
  }

 private:
  std::vector<Doubled<T>> steps_;
  std::vector<std::vector<T>> signals_;
};

/// The reverse of `Raised`, after a delay.
template <class T>
class Lowered {
 public:
  Lowered(const HalfBands<T>& filters, std::size_t frames)
      : delayed_(filters.delay(), frames << filters.stages()), signals_(filters.stages()) {
    for (std::size_t s = 0; s < filters.stages(); ++s) {
      steps_.emplace_back(filters[s], frames << s);
      signals_[s].resize(frames << s);
    }
  }
  void reset() noexcept {
    delayed_.clear();
    for (Halved<T>& step : steps_) step.reset();
  }
  /// Where the signal at the highest rate is to be written.
  T* in() noexcept { return delayed_.end(); }
  /// `frames`: of the lowest rate, at which `out` is.
  void process(const HalfBands<T>& filters, T* out, std::size_t frames) noexcept {
    const T* from = delayed_.begin();
    for (std::size_t s = steps_.size(); s-- > 0;) {
      T* const to = s == 0 ? out : signals_[s].data();
      steps_[s].process(filters[s], from, to, frames << s);
      from = to;
    }
    delayed_.advance(frames << steps_.size());
  }

 private:
  Past<T> delayed_;
  std::vector<Halved<T>> steps_;
  std::vector<std::vector<T>> signals_;
};

}  // namespace detail

/// Runs a model at `factor` times its sample rate, between half-band filters. Its distortion then has room above the
/// audible band instead of being folded into it as aliases. The model sounds as trained, because every delay inside the
/// network keeps its duration: see `Interleaved`.
///
///     inlay::Oversampled<inlay::Model<float>> amp(std::move(model), {.factor = 8});
///     amp.process(in, out, frames);
///     amp.latency();  // what the plugin reports to its host
///
/// The signal is at the model's own rate. In a host at another rate: `Resampled<Oversampled<M>>`. M is a model that
/// gives one output frame per input frame: `ModelT`, `Model`, `Dispatched`. An Oversampled is a model as well.
///
/// What the filters keep: frequencies up to 18 kHz (`low_latency`), 20 kHz (`standard`) or 22 kHz (`best`), in
/// proportion at rates below 48 kHz. Tones above half the sample rate are at -80, -100 or -120 dB, except for those
/// that fold to above the passband.
///
/// Cost: `factor` times that of the model, and the filters. Memory: `factor` states; the weights are there once.
///
/// Side channels that are signals are filtered as the input is. Values are not: they act on the call that they are
/// given with.
///
/// Real-time safety: `process` and `reset` do not allocate, lock, throw or make system calls. Constructing and copying
/// allocate. Copies are independent. A moved-from object can only be destroyed or assigned to.
///
/// How a signal is cut into calls does not change the output, to the last bit.
template <class M>
class Oversampled {
 public:
  using scalar = typename M::scalar;

 private:
  using T = scalar;
  using Filters = detail::HalfBands<T>;

 public:
  /// The memory of one signal: that of the model's phases and of the filters. Copies are independent.
  class State {
    friend Oversampled;
    State(const Interleaved<M>& model, std::shared_ptr<const Filters> filters, std::size_t frames)
        : model_(model.new_state()),
          filters_(std::move(filters)),
          up_(model.in_size() + model.condition_size(), detail::Raised<T>(*filters_, frames)),
          down_(model.out_size(), detail::Lowered<T>(*filters_, frames)),
          inputs_(up_.size()),
          outputs_(down_.size()) {
      reset();
    }
    void reset() noexcept {
      for (detail::Raised<T>& each : up_) each.reset();
      for (detail::Lowered<T>& each : down_) each.reset();
    }

    typename Interleaved<M>::State model_;
    std::shared_ptr<const Filters> filters_;
    std::vector<detail::Raised<T>> up_;  // of the inputs, then of the side channels
    std::vector<detail::Lowered<T>> down_;
    std::vector<T*> inputs_, outputs_;  // at the model's rate
  };

  /// Throws std::invalid_argument if the options do not fit the model.
  explicit Oversampled(M model, const OversampledOptions& options = {})
      : options_(completed(options, model)),
        model_(std::move(model), options_.factor, options_.max_frames * options_.factor),
        filters_(std::make_shared<const Filters>(options_.quality, *options_.sample_rate,
                                                 static_cast<std::size_t>(std::bit_width(options_.factor) - 1),
                                                 model_.model().latency())),
        state_(new_state()) {}

  const M& model() const noexcept { return model_.model(); }
  std::size_t factor() const noexcept { return options_.factor; }
  /// Sample rate in Hz that the model was trained at and that the signal has.
  std::optional<double> sample_rate() const noexcept { return options_.sample_rate; }

  std::size_t in_size() const noexcept { return model_.in_size(); }
  std::size_t out_size() const noexcept { return model_.out_size(); }
  std::size_t condition_size() const noexcept { return model_.condition_size(); }
  Rate rate() const noexcept { return {}; }
  bool one_to_one() const noexcept { return true; }
  /// Number of frames by which the output is late, the model's latency included. Exact: a frequency in the passband has
  /// this delay, without a fraction.
  std::size_t latency() const noexcept { return filters_->latency(); }
  /// Number of frames that an output depends on; `inlay::unbounded` for recurrent networks.
  std::size_t receptive_field() const noexcept {
    const std::size_t field = receptive_field_of(model());
    return field == unbounded ? field : field + 2 * (latency() + 1);
  }

  /// Makes a state at the start of a signal, as after `reset`. Allocates.
  State new_state() const { return State(model_, filters_, options_.max_frames); }

  /// Sets a state to the start of a signal.
  void reset(State& state) const noexcept {
    model_.reset(state.model_);
    state.reset();
  }
  void reset() noexcept { reset(state_); }

  /// Computes `frames` frames of planar audio, any number. In-place processing is allowed, out[c] == in[c]; no other
  /// overlap is. Returns `frames`, or 0 if the side channels do not fit; nothing is computed then.
  std::size_t process(State& state, const T* const* in, T* const* out, std::size_t frames,
                      Condition<T> condition = {}) const noexcept {
    if (!condition.fits(condition_size())) return 0;
    for (std::size_t done = 0; done < frames;) {
      const std::size_t n = std::min(frames - done, options_.max_frames);
      piece(state, in, out, done, n, condition);
      done += n;
    }
    return frames;
  }
  std::size_t process(const T* const* in, T* const* out, std::size_t frames, Condition<T> condition = {}) noexcept {
    return process(state_, in, out, frames, condition);
  }

  /// Computes a mono signal of a model with one channel in and out. The number of frames is the smaller of both sizes.
  /// Returns it, or 0 if there are more channels.
  std::size_t process(std::span<const T> in, std::span<T> out, Condition<T> condition = {}) noexcept {
    if (in_size() != 1 || out_size() != 1) return 0;
    const T* const from = in.data();
    T* const to = out.data();
    return process(&from, &to, std::min(in.size(), out.size()), condition);
  }

 private:
  static OversampledOptions completed(OversampledOptions options, const M& model) {
    const auto check = [](bool right, const char* what) {
      if (!right) throw std::invalid_argument(what);
    };
    check(is_one_to_one(model), "inlay::Oversampled: the model must give one output frame per input frame");
    check(std::has_single_bit(options.factor) && options.factor >= 2 && options.factor <= 16,
          "inlay::Oversampled: factor must be 2, 4, 8 or 16");
    check(options.max_frames > 0, "inlay::Oversampled: max_frames must be at least 1");
    if constexpr (requires { model.sample_rate(); })
      if (!options.sample_rate) options.sample_rate = model.sample_rate();
    check(options.sample_rate.has_value(),
          "inlay::Oversampled: the model's file does not state its rate: set sample_rate");
    check(*options.sample_rate >= 1 && *options.sample_rate <= 1e9, "inlay::Oversampled: sample_rate must be in Hz");
    return options;
  }

  /// Computes at most `max_frames` frames, from the frame `first` on.
  void piece(State& state, const T* const* in, T* const* out, std::size_t first, std::size_t frames,
             const Condition<T>& condition) const noexcept {
    const std::size_t inputs = in_size() + condition_size() - condition.values.size();
    for (std::size_t c = 0; c < inputs; ++c) {
      const T* from = (c < in_size() ? in[c] : condition.channels[c - in_size()]) + first;
      state.inputs_[c] = state.up_[c].process(*filters_, from, frames);
    }
    for (std::size_t c = 0; c < out_size(); ++c) state.outputs_[c] = state.down_[c].in();
    model_.process(state.model_, state.inputs_.data(), state.outputs_.data(), frames * options_.factor,
                   Condition<T>(state.inputs_.data() + in_size(), condition.values));
    for (std::size_t c = 0; c < out_size(); ++c) state.down_[c].process(*filters_, out[c] + first, frames);
  }

  OversampledOptions options_;
  Interleaved<M> model_;
  std::shared_ptr<const Filters> filters_;
  State state_;
};

}  // namespace inlay::INLAY_ISA

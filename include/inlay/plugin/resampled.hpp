/// Resampled: a model that runs at its own sample rate, in a host that runs at another.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/model/voices.hpp"
#include "inlay/plugin/interpolation_filter.hpp"
#include "inlay/plugin/rate_converter.hpp"
#include "inlay/plugin/resampling.hpp"

namespace inlay {

/// Options of a `Resampled`.
struct ResampledOptions {
  /// Sample rate of the host in Hz.
  double host_rate = 0;
  /// Sample rate that the model was trained at in Hz. Default: the rate that its file states.
  std::optional<double> model_rate{};
  Resampling quality = Resampling::standard;
  /// Number of frames that are processed at once. Longer calls are processed in pieces; the output is the same.
  std::size_t max_frames = 512;
};

}  // namespace inlay

namespace inlay::INLAY_ISA {

namespace detail {

/// The filters between two rates, and their delays. With h host frames per m model frames, in lowest terms:
///
/// Model frame i is at the time i h/m - reach of the input, in host frames, and is computed with input floor(i h/m).
/// Output j needs model frames up to floor(j m/h). That one is there when input j is: floor(j m/h) h/m <= j. So no
/// output ever waits, for any two rates and any calls.
///
/// The output is late by the first filter's reach, and by the second one's and the model's latency, which are model
/// frames: (reach + latency) h/m host frames. The second filter reads at fractions of a frame, 1/h, so that it can
/// add what lacks to a whole number of host frames, late/m of them, which are late/h model frames.
template <class T>
struct RateFilters {
  RateFilters(Resampling quality, std::size_t host, std::size_t own, std::size_t model_latency)
      : h(host / std::gcd(host, own)),
        m(own / std::gcd(host, own)),
        up(low_pass(quality, static_cast<double>(std::min(host, own))), static_cast<double>(host), m),
        down(low_pass(quality, static_cast<double>(std::min(host, own))), static_cast<double>(own), h) {
    const std::size_t after = (down.reach() + model_latency) * h, whole = (after + m - 1) / m;
    latency = up.reach() + whole;
    late = whole * m - after;
  }
  /// Largest number of model frames for `frames` host frames.
  std::size_t model_frames(std::size_t frames) const noexcept { return (frames * m + h - 1) / h + 1; }

  std::size_t h, m;
  InterpolationFilter<T> up, down;
  std::size_t latency = 0, late = 0;
};

}  // namespace detail

/// Converts a signal to the model's sample rate, runs the model, and converts its output back. M is a model that gives
/// one output frame per input frame: `ModelT`, `Model`, `Dispatched`. A Resampled is a model as well: it goes where
/// models go, into a `ModelSlot`, into `Voices` or a session.
///
///     inlay::Resampled<inlay::Model<float>> amp(std::move(model), {.host_rate = 44100});
///     amp.process(in, out, frames);
///     amp.latency();  // what the plugin reports to its host
///
/// If both rates are the same, this is the model alone.
///
/// Rates are rounded to whole Hz. Any two rates are possible whose ratio is at most 16. Memory of the filters, which
/// all copies share: (host_rate + model_rate) / (their greatest common divisor) * 40 to 170 numbers, and more for
/// distant rates: 100 KB for 44.1 and 48 kHz in standard quality.
///
/// Real-time safety: `process` and `reset` do not allocate, lock, throw or make system calls. Constructing and copying
/// allocate. Copies are independent. A moved-from object can only be destroyed or assigned to.
///
/// How a signal is cut into calls does not change the output, to the last bit.
template <class M>
class Resampled {
 public:
  using scalar = typename M::scalar;

 private:
  using T = scalar;
  using Filters = detail::RateFilters<T>;

 public:
  /// The memory of one signal: that of the model and of the filters. Copies are independent.
  class State {
    friend Resampled;
    State(typename M::State model, std::shared_ptr<const Filters> filters, const ModelSizes& sizes, std::size_t frames)
        : model_(std::move(model)), filters_(std::move(filters)) {
      if (!filters_) return;
      const std::size_t inputs = sizes.in + sizes.condition, room = filters_->model_frames(frames);
      to_model_.emplace(filters_->up, detail::RateRatio{filters_->h, filters_->m}, 0, inputs, frames);
      to_host_.emplace(filters_->down, detail::RateRatio{filters_->m, filters_->h}, filters_->late, sizes.out, room);
      inputs_.resize(inputs * room);
      input_channels_.resize(inputs);
      outputs_.resize(sizes.out);
    }

    typename M::State model_;
    std::shared_ptr<const Filters> filters_;                      // none if both rates are the same
    std::optional<detail::RateConverter<T>> to_model_, to_host_;  // of the input and the side channels; of the output
    std::vector<T> inputs_;                                       // of the model: channels, then side channels
    std::vector<T*> input_channels_, outputs_;
  };

  /// Throws std::invalid_argument if the options do not fit the model.
  explicit Resampled(M model, const ResampledOptions& options)
      : model_(std::move(model)),
        sizes_(sizes_of(model_)),
        options_(completed(options, model_)),
        filters_(filters_for(options_, model_)),
        state_(new_state()) {}

  const M& model() const noexcept { return model_; }
  double host_rate() const noexcept { return options_.host_rate; }
  double model_rate() const noexcept { return *options_.model_rate; }

  std::size_t in_size() const noexcept { return sizes_.in; }
  std::size_t out_size() const noexcept { return sizes_.out; }
  std::size_t condition_size() const noexcept { return sizes_.condition; }
  Rate rate() const noexcept { return {}; }
  bool one_to_one() const noexcept { return true; }

  /// Number of host frames by which the output is late, the model's latency included. Exact: a frequency in the
  /// passband has this delay, without a fraction.
  std::size_t latency() const noexcept { return filters_ ? filters_->latency : model_.latency(); }
  /// Number of host frames that an output depends on; `inlay::unbounded` for recurrent networks.
  std::size_t receptive_field() const noexcept {
    const std::size_t field = receptive_field_of(model_);
    if (field == unbounded || !filters_) return field;
    return filters_->up.taps() + (field + filters_->down.taps()) * filters_->h / filters_->m + 2;
  }

  /// Makes a state at the start of a signal, as after `reset`. Allocates.
  State new_state() const { return State(inlay::new_state_of(model_), filters_, sizes_, options_.max_frames); }

  /// Sets a state to the start of a signal.
  void reset(State& state) const noexcept {
    model_.reset(state.model_);
    if (!filters_) return;
    state.to_model_->reset();
    state.to_host_->reset();
  }
  void reset() noexcept { reset(state_); }

  /// Computes `frames` frames of planar audio at the host's rate, any number. In-place processing is allowed, out[c] ==
  /// in[c]; no other overlap is. Returns `frames`, or 0 if the side channels do not fit; nothing is computed then.
  ///
  /// Side channels are at the host's rate, too. They go through the same filter as the input, values as well, so that
  /// they stay in time with it.
  std::size_t process(State& state, const T* const* in, T* const* out, std::size_t frames,
                      Condition<T> condition = {}) const noexcept {
    if (!condition.fits(sizes_.condition)) return 0;
    if (!filters_) {
      model_.process(state.model_, in, out, frames, condition);
      return frames;
    }
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
    if (sizes_.in != 1 || sizes_.out != 1) return 0;
    const T* const from = in.data();
    T* const to = out.data();
    return process(&from, &to, std::min(in.size(), out.size()), condition);
  }

 private:
  static ResampledOptions completed(ResampledOptions options, const M& model) {
    const auto check = [](bool right, const char* what) {
      if (!right) throw std::invalid_argument(what);
    };
    check(is_one_to_one(model), "inlay::Resampled: the model must give one output frame per input frame");
    check(options.max_frames > 0, "inlay::Resampled: max_frames must be at least 1");
    if constexpr (requires { model.sample_rate(); })
      if (!options.model_rate) options.model_rate = model.sample_rate();
    check(options.model_rate.has_value(), "inlay::Resampled: the model's file does not state its rate: set model_rate");
    const double host = std::round(options.host_rate), own = std::round(*options.model_rate);
    check(host >= 1 && host <= 16 * own && own >= 1 && own <= 16 * host,
          "inlay::Resampled: host_rate and model_rate must be in Hz, and their ratio at most 16");
    options.host_rate = host;
    options.model_rate = own;
    return options;
  }
  static std::shared_ptr<const Filters> filters_for(const ResampledOptions& options, const M& model) {
    if (options.host_rate == *options.model_rate) return nullptr;
    return std::make_shared<const Filters>(options.quality, static_cast<std::size_t>(options.host_rate),
                                           static_cast<std::size_t>(*options.model_rate), model.latency());
  }

  /// Computes at most `max_frames` frames, from the frame `first` on.
  void piece(State& state, const T* const* in, T* const* out, std::size_t first, std::size_t frames,
             const Condition<T>& condition) const noexcept {
    T* const* const to = state.to_model_->room_for(frames);
    for (std::size_t c = 0; c < sizes_.in; ++c) std::copy_n(in[c] + first, frames, to[c]);
    const std::size_t signals = sizes_.condition - condition.values.size();
    for (std::size_t c = 0; c < sizes_.condition; ++c)
      if (c < signals) std::copy_n(condition.channels[c] + first, frames, to[sizes_.in + c]);
      else std::fill_n(to[sizes_.in + c], frames, condition.values[c - signals]);
    state.to_model_->wrote(frames);

    if (const std::size_t ready = state.to_model_->ready(); ready > 0) {
      T** const inputs = state.input_channels_.data();
      const std::size_t count = state.input_channels_.size(), stride = state.inputs_.size() / count;
      for (std::size_t c = 0; c < count; ++c) inputs[c] = state.inputs_.data() + c * stride;
      state.to_model_->read(inputs, ready);
      model_.process(state.model_, inputs, state.to_host_->room_for(ready), ready, Condition<T>(inputs + sizes_.in));
      state.to_host_->wrote(ready);
    }

    for (std::size_t c = 0; c < sizes_.out; ++c) state.outputs_[c] = out[c] + first;
    state.to_host_->read(state.outputs_.data(), frames);
  }

  M model_;
  ModelSizes sizes_;
  ResampledOptions options_;
  std::shared_ptr<const Filters> filters_;
  State state_;
};

}  // namespace inlay::INLAY_ISA

/// Resampled: a model that runs at its own sample rate, in a host that runs at another.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/core/condition.hpp"
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
  /// Number of signals that are processed separately, each with its own state: 2 for stereo with a mono model.
  std::size_t voices = 1;
  /// How many of the model's side channels, the first ones, are signals. The others are values.
  std::size_t signals = 0;
  /// Number of frames that are processed at once. Longer calls are processed in pieces; the output is the same.
  std::size_t max_frames = 512;
  Resampling quality = Resampling::standard;
};

}  // namespace inlay

namespace inlay::INLAY_ISA {

/// Converts a signal to the model's sample rate, runs the model, and converts its output back. M is a model that gives
/// one output frame per input frame: `ModelT`, `Model`, `Dispatched`.
///
///     inlay::Resampled<inlay::Model<float>> amp(std::move(model), {.host_rate = 44100, .voices = 2});
///     amp.process(in, out, frames);
///     amp.latency();  // what the plugin reports to its host
///
/// If both rates are the same, this is the model alone.
///
/// Rates are rounded to whole Hz. Any two rates are possible whose ratio is at most 16. Memory of the filters:
/// (host_rate + model_rate) / (their greatest common divisor) * 40 to 170 numbers, and more for distant rates: 100 KB
/// for 44.1 and 48 kHz in standard quality.
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
  using State = typename M::State;

 public:
  /// Throws std::invalid_argument if the options do not fit the model.
  explicit Resampled(M model, const ResampledOptions& options)
      : model_(std::move(model)), options_(options), sizes_(sizes()) {
    const auto check = [](bool right, const char* what) {
      if (!right) throw std::invalid_argument(what);
    };
    check(one_to_one(), "inlay::Resampled: the model must give one output frame per input frame");
    check(options_.voices > 0, "inlay::Resampled: there must be at least one voice");
    check(options_.max_frames > 0, "inlay::Resampled: max_frames must be at least 1");
    check(options_.signals <= sizes_.condition, "inlay::Resampled: more signals than the model has side channels");
    if constexpr (requires { model_.sample_rate(); })
      if (!options_.model_rate) options_.model_rate = model_.sample_rate();
    check(options_.model_rate.has_value(),
          "inlay::Resampled: the model's file does not state its rate: set model_rate");
    const double host = std::round(options_.host_rate), own = std::round(*options_.model_rate);
    check(host >= 1 && host <= 16 * own && own >= 1 && own <= 16 * host,
          "inlay::Resampled: host_rate and model_rate must be in Hz, and their ratio at most 16");
    options_.host_rate = host;
    options_.model_rate = own;

    states_.reserve(options_.voices);
    for (std::size_t v = 0; v < options_.voices; ++v) {
      if constexpr (requires { model_.new_state(); }) states_.push_back(model_.new_state());
      else states_.emplace_back();
    }
    voices_.resize(options_.voices);
    conditions_.resize(options_.voices);
    latency_ = model_.latency();
    if (host != own) make_converters(static_cast<std::size_t>(host), static_cast<std::size_t>(own));
  }

  const M& model() const noexcept { return model_; }
  double host_rate() const noexcept { return options_.host_rate; }
  double model_rate() const noexcept { return *options_.model_rate; }
  /// Numbers of channels of a call: those of the model, once for each voice.
  std::size_t in_channels() const noexcept { return options_.voices * sizes_.in; }
  std::size_t out_channels() const noexcept { return options_.voices * sizes_.out; }

  /// Number of host frames by which the output is late, the model's latency included. Exact: a frequency in the
  /// passband has this delay, without a fraction.
  std::size_t latency() const noexcept { return latency_; }

  /// Goes to the start of a signal.
  void reset() noexcept {
    for (State& state : states_) model_.reset(state);
    if (!to_model_) return;
    to_model_->reset();
    to_host_->reset();
  }

  /// Computes `frames` frames of planar audio at the host's rate, any number. `in` and `out` list the channels of the
  /// first voice, then those of the second, and so on. In-place processing is allowed, out[c] == in[c]; no other
  /// overlap is. Returns `frames`, or 0 if the side channels do not fit; nothing is computed then.
  ///
  /// Side channels are shared by all voices. Signals are at the host's rate and are converted as the input is, so they
  /// stay in time with it. Values hold for the frames that the model computes in this call; the input of those is late
  /// by the first filter, a part of `latency()`.
  std::size_t process(const T* const* in, T* const* out, std::size_t frames, Condition<T> condition = {}) noexcept {
    if (condition.values.size() + options_.signals != sizes_.condition) return 0;
    if (options_.signals > 0 && condition.channels == nullptr) return 0;
    if (!to_model_) {
      run(in, out, frames, condition);
      return frames;
    }
    for (std::size_t done = 0; done < frames;) {
      const std::size_t n = std::min(frames - done, options_.max_frames);
      piece(in, out, done, n, condition);
      done += n;
    }
    return frames;
  }

  /// Computes a mono signal of a model with one channel in and out. The number of frames is the smaller of both sizes.
  /// Returns it, or 0 if there are more channels.
  std::size_t process(std::span<const T> in, std::span<T> out, Condition<T> condition = {}) noexcept {
    if (in_channels() != 1 || out_channels() != 1) return 0;
    const T* const from = in.data();
    T* const to = out.data();
    return process(&from, &to, std::min(in.size(), out.size()), condition);
  }

 private:
  struct Sizes {
    std::size_t in, out, condition;
  };
  Sizes sizes() const noexcept {
    if constexpr (requires { model_.in_size(); }) return {model_.in_size(), model_.out_size(), model_.condition_size()};
    else return {M::in_size, M::out_size, M::condition_size};
  }
  bool one_to_one() const noexcept {
    if constexpr (requires { model_.one_to_one(); }) return model_.one_to_one();
    else {
      static_assert(M::one_to_one, "inlay::Resampled: the model must give one output frame per input frame");
      return true;
    }
  }

  /// With h host frames per m model frames, in lowest terms:
  ///
  /// Model frame i is at the time i h/m - reach of the input, in host frames, and is computed with input floor(i h/m).
  /// Output j needs model frames up to floor(j m/h). That one is there when input j is: floor(j m/h) h/m <= j. So no
  /// output ever waits, for any two rates and any calls.
  ///
  /// The output is late by the first filter's reach, and by the second one's and the model's latency, which are model
  /// frames: (reach + latency) h/m host frames. The second filter reads at fractions of a frame, 1/h, so that it can
  /// add what lacks to a whole number of host frames, late/m of them, which are late/h model frames.
  void make_converters(std::size_t host, std::size_t own) {
    const std::size_t divisor = std::gcd(host, own), h = host / divisor, m = own / divisor;
    const detail::LowPass band = detail::low_pass(options_.quality, static_cast<double>(std::min(host, own)));
    detail::InterpolationFilter<T> up(band, static_cast<double>(host), m), down(band, static_cast<double>(own), h);
    const std::size_t after = (down.reach() + model_.latency()) * h;
    const std::size_t whole = (after + m - 1) / m;
    latency_ = up.reach() + whole;
    const std::size_t room = (options_.max_frames * m + h - 1) / h + 1;  // model frames of a piece
    const std::size_t channels_in = in_channels() + options_.signals;
    to_model_.emplace(std::move(up), detail::RateRatio{h, m}, 0, channels_in, options_.max_frames);
    to_host_.emplace(std::move(down), detail::RateRatio{m, h}, whole * m - after, out_channels(), room);
    inputs_.resize(channels_in * room);
    input_channels_.resize(channels_in);
    outputs_.resize(out_channels());
  }

  /// Computes at most `max_frames` frames, from the frame `first` on.
  void piece(const T* const* in, T* const* out, std::size_t first, std::size_t frames,
             Condition<T> condition) noexcept {
    T* const* const to = to_model_->room_for(frames);
    for (std::size_t c = 0; c < in_channels(); ++c) std::copy_n(in[c] + first, frames, to[c]);
    for (std::size_t c = 0; c < options_.signals; ++c)
      std::copy_n(condition.channels[c] + first, frames, to[in_channels() + c]);
    to_model_->wrote(frames);

    if (const std::size_t model_frames = to_model_->ready(); model_frames > 0) {
      const std::size_t stride = inputs_.size() / input_channels_.size();
      for (std::size_t c = 0; c < input_channels_.size(); ++c) input_channels_[c] = inputs_.data() + c * stride;
      to_model_->read(input_channels_.data(), model_frames);
      run(input_channels_.data(), to_host_->room_for(model_frames), model_frames,
          Condition<T>(input_channels_.data() + in_channels(), condition.values));
      to_host_->wrote(model_frames);
    }

    for (std::size_t c = 0; c < outputs_.size(); ++c) outputs_[c] = out[c] + first;
    to_host_->read(outputs_.data(), frames);
  }

  /// Runs the model on all voices.
  void run(const T* const* in, T* const* out, std::size_t frames, Condition<T> condition) noexcept {
    if constexpr (requires { model_.process(std::span<State* const>(voices_), in, out, frames, conditions_); }) {
      if (options_.voices > 1) {
        for (std::size_t v = 0; v < options_.voices; ++v) {
          voices_[v] = &states_[v];
          conditions_[v] = condition;
        }
        std::as_const(model_).process(std::span<State* const>(voices_), in, out, frames,
                                      std::span<const Condition<T>>(conditions_));
        return;
      }
    }
    for (std::size_t v = 0; v < options_.voices; ++v)
      std::as_const(model_).process(states_[v], in + v * sizes_.in, out + v * sizes_.out, frames, condition);
  }

  M model_;
  ResampledOptions options_;
  Sizes sizes_;
  std::size_t latency_ = 0;
  std::vector<State> states_;
  std::vector<State*> voices_;
  std::vector<Condition<T>> conditions_;
  std::optional<detail::RateConverter<T>> to_model_, to_host_;  // none if both rates are the same
  std::vector<T> inputs_;                                       // of the model: channels, then side channels
  std::vector<T*> input_channels_, outputs_;
};

}  // namespace inlay::INLAY_ISA

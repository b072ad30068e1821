/// AtHostRate: a model as it plays in a host of any sample rate, in the form that a ModelSlot takes.
#pragma once

#include <cmath>
#include <cstddef>
#include <inlay/plugin/resampled.hpp>
#include <inlay/run_time.hpp>
#include <utility>

class AtHostRate {
  using Model = inlay::Model<float>;

 public:
  using scalar = float;
  using State = inlay::Resampled<Model>;

  /// A file that does not state its sample rate is one for 48 kHz. Throws std::invalid_argument if the rates are too
  /// far apart.
  AtHostRate(Model model, double host_rate)
      : model_(std::move(model)),
        start_(model_, {.host_rate = host_rate, .model_rate = model_.sample_rate().value_or(48000)}) {}

  std::size_t in_size() const noexcept { return model_.in_size(); }
  std::size_t out_size() const noexcept { return model_.out_size(); }
  std::size_t condition_size() const noexcept { return model_.condition_size(); }
  inlay::Rate rate() const noexcept { return model_.rate(); }
  bool one_to_one() const noexcept { return model_.one_to_one(); }
  std::size_t latency() const noexcept { return start_.latency(); }
  std::size_t receptive_field() const noexcept {
    const std::size_t field = model_.receptive_field();
    if (field == inlay::unbounded) return field;
    return 2 * latency() +
           static_cast<std::size_t>(static_cast<double>(field) * start_.host_rate() / start_.model_rate());
  }

  State new_state() const { return start_; }
  void reset(State& state) const noexcept { state.reset(); }
  std::size_t process(State& state, const float* const* in, float* const* out, std::size_t frames,
                      inlay::Condition<float> condition = {}) const noexcept {
    return state.process(in, out, frames, condition);
  }

 private:
  Model model_;
  State start_;
};

#include "transfer_curve.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace amp {

namespace {

/// Runs a constant input.
std::vector<float> response(const inlay::Model<float>& model, inlay::Model<float>::State& state, float x,
                            std::size_t frames) {
  std::vector<float> signal(frames, x);
  float* const channel = signal.data();
  model.process(state, &channel, &channel, frames);
  return signal;
}

bool is_smaller(float a, float b) noexcept { return std::abs(a) < std::abs(b); }

}  // namespace

TransferCurve::TransferCurve(const inlay::Model<float>& model) {
  auto at_rest = model.new_state();
  response(model, at_rest, 0, 16384);
  const auto frames = static_cast<std::size_t>(0.004 * model.sample_rate().value_or(48000)) + model.latency();
  for (std::size_t point = 0; point < points; ++point) {
    auto state = at_rest;
    const std::vector<float> output = response(model, state, x(point), frames);
    y_.push_back(*std::max_element(output.begin(), output.end(), is_smaller));
  }
}

float TransferCurve::at(float x) const noexcept {
  const float position = (std::clamp(x, -1.0f, 1.0f) + 1) / 2 * float(points - 1);
  const std::size_t left = std::min(static_cast<std::size_t>(position), points - 2);
  const float right_share = position - float(left);
  return y_[left] + right_share * (y_[left + 1] - y_[left]);
}

float TransferCurve::peak() const noexcept { return std::abs(*std::max_element(y_.begin(), y_.end(), is_smaller)); }

}  // namespace amp

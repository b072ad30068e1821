#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>

#include "inlay/core/tile_frames.hpp"
#include "inlay/io/check.hpp"
#include "inlay/io/player.hpp"

namespace inlay::io {

namespace detail {

/// Compares an output with the check. Returns the largest absolute difference. Throws load_error at the first value
/// that differs by more than `limit`; `how` names the function that computed it.
template <class T>
double compare(const Check& check, const Output<T>& got, Checked checked, double limit, const char* how) {
  const std::size_t rows = check.output.shape[0], channels = check.output.shape[1];
  if (checked.first + (rows - 1) * checked.stride >= got.frames)
    throw load_error(concat({check.output.place, ".shape"}),
                     concat({"rows within the model's ", std::to_string(got.frames), " output frames"}),
                     concat({std::to_string(rows), " rows from frame ", std::to_string(checked.first),
                             " on, with a stride of ", std::to_string(checked.stride)}));
  double largest = 0;
  for (std::size_t i = 0; i < check.output.values.size(); ++i) {
    const std::size_t frame = checked.first + i / channels * checked.stride, channel = i % channels;
    const double y = static_cast<double>(got.values[channel * got.room + frame]), wanted = check.output.values[i];
    if (const double difference = std::abs(y - wanted); difference <= limit) {  // false for NaN
      largest = std::max(largest, difference);
      continue;
    }
    std::ostringstream expected, found;
    expected.precision(9);
    found.precision(9);
    expected << wanted << " within " << limit << " at frame " << frame << ", channel " << channel;
    found << y << " by " << how;
    throw load_error(check.output.place_of(i), expected.str(), found.str());
  }
  return largest;
}

}  // namespace detail

template <class T>
double run_check(const Runnable<T>& model, const Check& check, double policy_bound) {
  const std::size_t frames = check.input.shape[0];
  const auto expect_channels = [](const TensorRecord& signal, std::size_t size) {
    if (signal.shape[1] != size)
      throw load_error(concat({signal.place, ".shape"}), concat({std::to_string(size), " channels"}),
                       std::to_string(signal.shape[1]));
  };
  expect_channels(check.input, model.in_size);
  expect_channels(check.output, model.out_size);
  if (check.condition.shape.empty() != (model.condition_size == 0))
    throw load_error(check.input.place,
                     concat({"a check with a condition of ", std::to_string(model.condition_size), " channels"}),
                     check.condition.shape.empty() ? "none" : std::to_string(check.condition.shape[1]));
  if (model.condition_size > 0) expect_channels(check.condition, model.condition_size);
  if (model.receptive_field != unbounded && frames <= model.receptive_field)
    throw load_error(concat({check.input.place, ".shape"}),
                     concat({"more frames than the receptive field of ", std::to_string(model.receptive_field)}),
                     std::to_string(frames));

  double peak = 1;
  for (double y : check.output.values) peak = std::max(peak, std::abs(y));
  const double limit = std::max(std::min(check.tolerance, largest_tolerance), policy_bound) * peak;

  const Player<T> player(model, check);
  const Output<T> by_frames = player.by_frames();
  const Checked checked = checked_frames(model, check, by_frames);
  const double error_by_frames = detail::compare(check, by_frames, checked, limit, "forward");
  constexpr std::array<std::size_t, 6> cuts{1, 7, tile_frames, 3, 2 * tile_frames + 5, 16};
  return std::max(error_by_frames, detail::compare(check, player.by_buffers(cuts), checked, limit, "process"));
}

namespace detail {

/// Returns a test signal: noise of full scale, followed by the same number of zeros.
inline Check probe_for(std::size_t in, std::size_t condition) {
  constexpr std::size_t frames = 2 * tile_frames;
  std::uint32_t random = 1;
  const auto noise = [&](std::size_t channels) {
    TensorRecord signal{.place = "probe", .shape = {frames, channels}, .values = {}, .row_places = {}};
    for (std::size_t i = 0; i < frames * channels; ++i) {
      random = random * 1664525u + 1013904223u;
      signal.values.push_back(i < frames * channels / 2 ? static_cast<double>(random) / 2147483648.0 - 1 : 0);
    }
    return signal;
  };
  Check probe;
  probe.input = noise(in);
  if (condition > 0) probe.condition = noise(condition);
  return probe;
}

}  // namespace detail

/// Runs the test signal. Throws load_error if the output contains a NaN or an infinity.
template <class T>
void run_probe(const Runnable<T>& model) {
  const Check probe = detail::probe_for(model.in_size, model.condition_size);
  const Output<T> output = Player<T>(model, probe).by_buffers(std::array<std::size_t, 1>{2 * tile_frames});
  for (std::size_t i = 0; i < output.values.size(); ++i)
    if (!std::isfinite(output.values[i]))
      throw load_error("layers", "a network with finite output for input from -1 to 1",
                       concat({std::to_string(output.values[i]), " at frame ", std::to_string(i % output.room),
                               ", channel ", std::to_string(i / output.room)}));
}

template <class T>
ModelInfo checked_info(const ModelFile& file, const Runnable<T>& model, double policy_bound) {
  ModelInfo info = file.info;
  if (file.check) info.check_error = run_check(model, *file.check, policy_bound);
  else run_probe(model);
  return info;
}

}  // namespace inlay::io

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "inlay/core/tile_frames.hpp"
#include "inlay/io/check.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/player.hpp"
#include "inlay/io/validate.hpp"

namespace inlay::io {

namespace detail {

/// Throws load_error unless a check's signals fit the model.
INLAY_ONCE void expect_shapes(const Check& check, std::size_t in, std::size_t out, std::size_t condition,
                              std::size_t receptive_field) {
  const auto expect_channels = [](const TensorRecord& signal, std::size_t size) {
    if (signal.shape[1] != size) refuse(concat({signal.place, ".shape"}), concat({size, " channels"}), signal.shape[1]);
  };
  expect_channels(check.input, in);
  expect_channels(check.output, out);
  if (check.condition.shape.empty() != (condition == 0))
    refuse(check.input.place, concat({"a check with a condition of ", condition, " channels"}),
           check.condition.shape.empty() ? "none" : concat({check.condition.shape[1]}));
  if (condition > 0) expect_channels(check.condition, condition);
  const std::size_t frames = check.input.shape[0];
  if (receptive_field != unbounded && frames <= receptive_field)
    refuse(concat({check.input.place, ".shape"}), concat({"more frames than the receptive field of ", receptive_field}),
           frames);
}

/// Throws load_error if the output for `frames` input frames has too many values.
template <class T>
void expect_output(const Runnable<T>& model, std::string_view place, std::size_t frames) {
  if (model.max_output_frames(frames) > limits::check_values / model.out_size)
    refuse(place, concat({"a check whose output has at most ", limits::check_values, " values"}),
           concat({model.max_output_frames(frames), " frames of ", model.out_size, " channels"}));
}

/// Largest permitted difference of an output from the check.
INLAY_ONCE double limit_of(const Check& check, double policy_bound) {
  double peak = 1;
  for (double y : check.output.values) peak = std::max(peak, std::abs(y));
  return std::max(std::min(check.tolerance, largest_tolerance), policy_bound) * peak;
}

/// Compares an output with the check. Returns the largest absolute difference. Throws load_error at the first value
/// that differs by more than `limit`; `how` names the function that computed it.
INLAY_ONCE double compare(const Check& check, const Output& got, Checked checked, double limit, const char* how) {
  const std::size_t rows = check.output.shape[0], channels = check.output.shape[1];
  if (checked.first + (rows - 1) * checked.stride >= got.frames)
    refuse(concat({check.output.place, ".shape"}), concat({"rows within the model's ", got.frames, " output frames"}),
           concat({rows, " rows from frame ", checked.first, " on, with a stride of ", checked.stride}));
  double largest = 0;
  for (std::size_t i = 0; i < check.output.values.size(); ++i) {
    const std::size_t frame = checked.first + i / channels * checked.stride, channel = i % channels;
    const double y = got.values[channel * got.room + frame], wanted = check.output.values[i];
    if (const double difference = std::abs(y - wanted); difference <= limit) {  // false for NaN
      largest = std::max(largest, difference);
      continue;
    }
    refuse(check.output.place_of(i),
           concat({number_text(wanted), " within ", number_text(limit), " at frame ", frame, ", channel ", channel}),
           concat({number_text(y), " by ", how}));
  }
  return largest;
}

/// Returns a test signal: noise of full scale, followed by the same number of zeros.
INLAY_ONCE Check probe_for(std::size_t in, std::size_t condition) {
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

/// Throws load_error if the output for the test signal contains a NaN or an infinity.
INLAY_ONCE void expect_finite(const Output& output) {
  for (std::size_t i = 0; i < output.values.size(); ++i)
    if (!std::isfinite(output.values[i]))
      refuse("layers", "a network with finite output for input from -1 to 1",
             concat({std::to_string(output.values[i]), " at frame ", i % output.room, ", channel ", i / output.room}));
}

}  // namespace detail

INLAY_DECL void expect_work(std::string_view place, double work, double frames, double more) {
  const double all = work * frames + more, most = static_cast<double>(limits::load_work);
  if (!(all <= most))
    refuse(place, concat({"a network that loads with at most ", detail::number_text(most), " operations"}),
           detail::number_text(all));
}

template <class T>
double run_check(const Runnable<T>& model, const Check& check, double policy_bound) {
  detail::expect_shapes(check, model.in_size, model.out_size, model.condition_size, model.receptive_field);
  const std::size_t frames = check.input.shape[0];
  detail::expect_output(model, check.input.place, frames);
  expect_work(check.input.place, model.work, 2 * static_cast<double>(frames));
  const double limit = detail::limit_of(check, policy_bound);
  const Player<T> player(model, check);
  const Output by_frames = player.by_frames();
  const Checked checked = checked_frames(model, check, by_frames);
  const double error_by_frames = detail::compare(check, by_frames, checked, limit, "forward");
  constexpr std::size_t cuts[] = {1, 7, tile_frames, 3, 2 * tile_frames + 5, 16};
  return std::max(error_by_frames, detail::compare(check, player.by_buffers(cuts), checked, limit, "process"));
}

/// Runs the test signal.
template <class T>
void run_probe(const Runnable<T>& model) {
  constexpr std::size_t cuts[] = {2 * tile_frames};
  detail::expect_output(model, "layers", cuts[0]);
  expect_work("layers", model.work, static_cast<double>(cuts[0]));
  const Check probe = detail::probe_for(model.in_size, model.condition_size);
  detail::expect_finite(Player<T>(model, probe).by_buffers(cuts));
}

template <class T>
ModelInfo checked_info(const ModelFile& file, const Runnable<T>& model, double policy_bound) {
  ModelInfo info = file.info;
  if (file.check) info.check_error = run_check(model, *file.check, policy_bound);
  else run_probe(model);
  return info;
}

}  // namespace inlay::io

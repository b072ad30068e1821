/// Runs the check that a file carries: does this model give what the training framework gave?
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

#include "inlay/core/extent.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/runnable.hpp"

namespace inlay::io {

/// No file may ask for less agreement than this, times the peak of its output.
inline constexpr double largest_tolerance = 1e-3;

/// What came out of a model, planar: channel c of frame j is `values[c * room + j]`.
template <class T>
struct Output {
  std::size_t frames, room;
  std::vector<T> values;
  std::vector<std::size_t> times;  ///< the frame of the input that each frame came with; of `by_frames` only
};

/// Runs a model over signals.
template <class T>
class Player {
 public:
  Player(const Runnable<T>& model, const Check& check)
      : model_(model),
        frames_(check.input.shape[0]),
        input_(planar(check.input, model.in_size)),
        condition_(planar(check.condition, model.condition_size)) {}

  /// Frame by frame, from the start.
  Output<T> by_frames() const {
    Output<T> output = empty();
    std::vector<T> x(model_.in_size), side(model_.condition_size), y(model_.most_frames(1) * model_.out_size);
    model_.reset();
    for (std::size_t t = 0; t < frames_; ++t) {
      for (std::size_t c = 0; c < x.size(); ++c) x[c] = input_[c * frames_ + t];
      for (std::size_t c = 0; c < side.size(); ++c) side[c] = condition_[c * frames_ + t];
      const std::size_t given = model_.forward(x.data(), y.data(), side.data());
      for (std::size_t f = 0; f < given; ++f, ++output.frames) {
        for (std::size_t c = 0; c < model_.out_size; ++c)
          output.values[c * output.room + output.frames] = y[f * model_.out_size + c];
        output.times.push_back(t);
      }
    }
    return output;
  }

  /// In buffers of these sizes over and over, from the start.
  template <class Cuts>
  Output<T> by_buffers(const Cuts& cuts) const {
    Output<T> output = empty();
    std::vector<const T*> in(model_.in_size), side(model_.condition_size);
    std::vector<T*> out(model_.out_size);
    model_.reset();
    for (std::size_t t = 0, cut = 0; t < frames_; ++cut) {
      const std::size_t count = std::min(cuts[cut % cuts.size()], frames_ - t);
      for (std::size_t c = 0; c < in.size(); ++c) in[c] = input_.data() + c * frames_ + t;
      for (std::size_t c = 0; c < side.size(); ++c) side[c] = condition_.data() + c * frames_ + t;
      for (std::size_t c = 0; c < out.size(); ++c) out[c] = output.values.data() + c * output.room + output.frames;
      output.frames += model_.process(in.data(), out.data(), count, side.data());
      t += count;
    }
    return output;
  }

 private:
  Output<T> empty() const {
    const std::size_t room = model_.most_frames(frames_);
    return {0, room, std::vector<T>(room * model_.out_size), {}};
  }
  std::vector<T> planar(const TensorRecord& signal, std::size_t channels) const {
    std::vector<T> values(signal.values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i % channels * frames_ + i / channels] = static_cast<T>(signal.values[i]);
    return values;
  }

  const Runnable<T>& model_;
  std::size_t frames_;
  std::vector<T> input_, condition_;
};

/// The frames of an output that a check speaks of: number `first`, and every `stride`th after it.
struct Checked {
  std::size_t first, stride;
};

/// A check's first row is what comes out with frame `skip` of the input or, if that brings nothing, next. From row to
/// row it goes on by `stride` frames of the input or, where one frame of it gives several, of the output.
template <class T>
Checked checked_frames(const Runnable<T>& model, const Check& check, const Output<T>& output) {
  const auto first = std::lower_bound(output.times.begin(), output.times.end(), check.skip);
  return {static_cast<std::size_t>(first - output.times.begin()),
          std::max<std::size_t>(1, check.stride * std::min(model.rate.out, model.rate.in) / model.rate.in)};
}

namespace detail {

/// Throws load_error where an output is not what the check expects, and returns the largest difference otherwise.
template <class T>
double compare(const Check& check, const Output<T>& got, Checked checked, double limit, const char* how) {
  const std::size_t rows = check.output.shape[0], channels = check.output.shape[1];
  if (checked.first + (rows - 1) * checked.stride >= got.frames)
    throw load_error(concat({check.output.place, ".shape"}),
                     concat({"rows for the ", std::to_string(got.frames), " frames that the model gave"}),
                     concat({std::to_string(rows), " from frame ", std::to_string(checked.first), " on, every ",
                             std::to_string(checked.stride)}));
  double largest = 0;
  for (std::size_t i = 0; i < check.output.values.size(); ++i) {
    const std::size_t frame = checked.first + i / channels * checked.stride, channel = i % channels;
    const double y = static_cast<double>(got.values[channel * got.room + frame]), wanted = check.output.values[i];
    if (const double difference = std::abs(y - wanted); difference <= limit) {  // written so that a NaN does not pass
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

/// Runs a model frame by frame and in buffers of uneven sizes, resetting its state before. `policy_bound` is
/// the stated error of an opt-in lossy policy, 0 for none. Returns the largest difference. Throws load_error.
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
                     concat({"beside it a condition of ", std::to_string(model.condition_size), " channels"}),
                     check.condition.shape.empty() ? "none" : concat({std::to_string(check.condition.shape[1])}));
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

}  // namespace inlay::io

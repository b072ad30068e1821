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

namespace detail {

/// Compares a signal of [frames, channels] with the expected output. Throws load_error.
template <class T>
void compare(const Check& check, const std::vector<T>& got, double limit, const char* how) {
  const std::size_t channels = check.output.shape[1];
  for (std::size_t i = 0; i < check.output.values.size(); ++i) {
    const std::size_t frame = check.skip + i / channels * check.stride, channel = i % channels;
    const double y = static_cast<double>(got[frame * channels + channel]), wanted = check.output.values[i];
    if (std::abs(y - wanted) <= limit) continue;  // written so that a NaN does not pass
    std::ostringstream expected, found;
    expected.precision(9);
    found.precision(9);
    expected << wanted << " within " << limit << " at frame " << frame << ", channel " << channel;
    found << y << " by " << how;
    throw load_error(check.output.place_of(i), expected.str(), found.str());
  }
}

}  // namespace detail

/// Runs a model frame by frame and in buffers of uneven sizes, resetting its state before. `policy_bound` is
/// the stated error of an opt-in lossy policy, 0 for none. Throws load_error.
template <class T>
void run_check(const Runnable<T>& model, const Check& check, double policy_bound) {
  const std::size_t frames = check.input.shape[0], ins = model.in_size, outs = model.out_size;
  const auto expect_channels = [](const TensorRecord& signal, std::size_t size) {
    if (signal.shape[1] != size)
      throw load_error(concat({signal.place, ".shape"}), concat({std::to_string(size), " channels"}),
                       std::to_string(signal.shape[1]));
  };
  expect_channels(check.input, ins);
  expect_channels(check.output, outs);
  if (model.receptive_field != unbounded && frames <= model.receptive_field)
    throw load_error(concat({check.input.place, ".shape"}),
                     concat({"more frames than the receptive field of ", std::to_string(model.receptive_field)}),
                     std::to_string(frames));

  double peak = 1;
  for (double y : check.output.values) peak = std::max(peak, std::abs(y));
  const double limit = std::max(std::min(check.tolerance, largest_tolerance), policy_bound) * peak;
  const std::vector<T> input(check.input.values.begin(), check.input.values.end());
  std::vector<T> output(frames * outs);

  model.reset();
  for (std::size_t t = 0; t < frames; ++t) model.forward(input.data() + t * ins, output.data() + t * outs);
  detail::compare(check, output, limit, "forward");

  std::vector<T> planar_in(input.size()), planar_out(output.size());
  for (std::size_t i = 0; i < input.size(); ++i) planar_in[i % ins * frames + i / ins] = input[i];
  constexpr std::array<std::size_t, 6> cuts{1, 7, tile_frames, 3, 2 * tile_frames + 5, 16};
  std::vector<const T*> in(ins);
  std::vector<T*> out(outs);
  model.reset();
  for (std::size_t t = 0, cut = 0; t < frames; ++cut) {
    const std::size_t count = std::min(cuts[cut % cuts.size()], frames - t);
    for (std::size_t c = 0; c < ins; ++c) in[c] = planar_in.data() + c * frames + t;
    for (std::size_t c = 0; c < outs; ++c) out[c] = planar_out.data() + c * frames + t;
    model.process(in.data(), out.data(), count);
    t += count;
  }
  for (std::size_t i = 0; i < output.size(); ++i) output[i] = planar_out[i % outs * frames + i / outs];
  detail::compare(check, output, limit, "process");
}

}  // namespace inlay::io

/// Player: runs a model over the signal of a check, frame by frame and in buffers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "inlay/io/model_file.hpp"
#include "inlay/io/runnable.hpp"

namespace inlay::io {

/// Output of a model, planar: channel c of frame j is `values[c * room + j]`.
struct Output {
  std::size_t frames, room;
  std::vector<double> values;
  std::vector<std::size_t> times;  ///< index of the input frame that produced each frame; only set by `by_frames`
};

/// Runs a model over the input of a check. Allocates; for loading and tests.
template <class T>
class Player {
 public:
  Player(const Runnable<T>& model, const Check& check)
      : model_(model),
        frames_(check.input.shape[0]),
        input_(planar(check.input, model.in_size)),
        condition_(planar(check.condition, model.condition_size)) {}

  /// Resets the model and runs `forward` for each frame.
  Output by_frames() const {
    Output output = empty();
    std::vector<T> x(model_.in_size), side(model_.condition_size), y(model_.max_output_frames(1) * model_.out_size);
    model_.reset();
    for (std::size_t t = 0; t < frames_; ++t) {
      for (std::size_t c = 0; c < x.size(); ++c) x[c] = input_[c * frames_ + t];
      for (std::size_t c = 0; c < side.size(); ++c) side[c] = condition_[c * frames_ + t];
      const std::size_t output_frames = model_.forward(x.data(), y.data(), side.data());
      for (std::size_t f = 0; f < output_frames; ++f, ++output.frames) {
        for (std::size_t c = 0; c < model_.out_size; ++c)
          output.values[c * output.room + output.frames] = static_cast<double>(y[f * model_.out_size + c]);
        output.times.push_back(t);
      }
    }
    return output;
  }

  /// Resets the model and runs `process` in buffers whose sizes cycle through `cuts`.
  Output by_buffers(std::span<const std::size_t> cuts) const {
    Output output = empty();
    std::vector<T> values(output.values.size());
    std::vector<const T*> in(model_.in_size), side(model_.condition_size);
    std::vector<T*> out(model_.out_size);
    model_.reset();
    for (std::size_t t = 0, cut = 0; t < frames_; ++cut) {
      const std::size_t count = std::min(cuts[cut % cuts.size()], frames_ - t);
      for (std::size_t c = 0; c < in.size(); ++c) in[c] = input_.data() + c * frames_ + t;
      for (std::size_t c = 0; c < side.size(); ++c) side[c] = condition_.data() + c * frames_ + t;
      for (std::size_t c = 0; c < out.size(); ++c) out[c] = values.data() + c * output.room + output.frames;
      output.frames += model_.process(in.data(), out.data(), count, side.data());
      t += count;
    }
    std::copy(values.begin(), values.end(), output.values.begin());
    return output;
  }

 private:
  Output empty() const {
    const std::size_t room = model_.max_output_frames(frames_);
    return {0, room, std::vector<double>(room * model_.out_size), {}};
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

/// The frames of an output that a check compares: frame `first`, then every `stride`-th frame.
struct Checked {
  std::size_t first, stride;
};

/// Returns the frames of the output that the check's rows belong to. The first row is the first frame of output at or
/// after input frame `skip`. Rows are `stride` frames of the input apart or, if the network increases the rate,
/// `stride` frames of the output.
template <class T>
Checked checked_frames(const Runnable<T>& model, const Check& check, const Output& output) {
  const auto first = std::lower_bound(output.times.begin(), output.times.end(), check.skip);
  return {static_cast<std::size_t>(first - output.times.begin()),
          std::max<std::size_t>(1, check.stride * std::min(model.rate.out, model.rate.in) / model.rate.in)};
}

}  // namespace inlay::io

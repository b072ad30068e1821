/// Test signals and their memory.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

#include "inlay/core/padding.hpp"

#ifndef INLAY_BENCH_SCALAR
#define INLAY_BENCH_SCALAR float
#endif

namespace inlay::bench {

using Scalar = INLAY_BENCH_SCALAR;

inline constexpr double sample_rate = 48000;

/// A signal: frames[t][c].
using Frames = std::vector<std::vector<double>>;

/// Random numbers in [-1, 1) that are the same on every platform, unlike those of the standard's distributions.
class Random {
 public:
  double operator()() { return double(generator_()) / 2147483648.0 - 1; }

 private:
  std::mt19937 generator_{1};
};

/// Returns two sines and noise, with other frequencies per channel, within [-3, 3], rounded to `Scalar`.
inline Frames test_signal(std::size_t channels, std::size_t frames) {
  Random random;
  Frames signal(frames, std::vector<double>(channels));
  for (std::size_t t = 0; t < frames; ++t)
    for (std::size_t c = 0; c < channels; ++c) {
      const double phase = 2 * std::numbers::pi * 110 * double(t) / sample_rate * (1 + 0.37 * double(c));
      signal[t][c] = double(Scalar(1.6 * std::sin(phase) + std::sin(5.01 * phase + double(c)) + 0.4 * random()));
    }
  return signal;
}

/// Values that are aligned to a cache line, so that all cases have the same alignment.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t size) : lines_((size + line_size - 1) / line_size) {}
  Scalar* data() { return lines_[0].values; }
  const Scalar* data() const { return lines_[0].values; }

 private:
  static constexpr std::size_t line_size = alignment / sizeof(Scalar);
  struct alignas(alignment) Line {
    Scalar values[line_size]{};
  };
  std::vector<Line> lines_;
};

/// Planar channels for `ModelT::process`, divided into callbacks with pointers of their own. There is a spare cache
/// line between channels: at a distance of a power of two, all channels would use the same cache sets.
class Planar {
 public:
  Planar() = default;
  Planar(std::size_t channels, std::size_t block, std::size_t callbacks)
      : stride_(block * callbacks + alignment / sizeof(Scalar)), channels_(channels), data_(channels * stride_) {
    for (std::size_t i = 0; i < callbacks; ++i)
      for (std::size_t c = 0; c < channels; ++c) pointers_.push_back(&at(c, i * block));
  }
  Planar(const Frames& signal, std::size_t block) : Planar(signal[0].size(), block, signal.size() / block) {
    for (std::size_t t = 0; t < signal.size(); ++t)
      for (std::size_t c = 0; c < channels_; ++c) at(c, t) = Scalar(signal[t][c]);
  }
  Scalar* const* callback(std::size_t i) const { return pointers_.data() + i * channels_; }
  Scalar& at(std::size_t channel, std::size_t frame) { return data_.data()[channel * stride_ + frame]; }

 private:
  std::size_t stride_ = 0, channels_ = 0;
  Buffer data_;
  std::vector<Scalar*> pointers_;
};

/// Returns interleaved frames for `ModelT::forward`.
inline Buffer interleaved(const Frames& signal) {
  Buffer data(signal.size() * signal[0].size());
  Scalar* to = data.data();
  for (const auto& frame : signal)
    for (double value : frame) *to++ = Scalar(value);
  return data;
}

}  // namespace inlay::bench

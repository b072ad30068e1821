/// Subject: a network to time. inlay and other libraries have the same interface, so that the same code runs, verifies
/// and times all of them. The cost of the interface is negligible.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <limits>

#include "signal.hpp"

namespace inlay::bench {

class Subject {
 public:
  virtual ~Subject() = default;
  std::size_t macs = 0;                           ///< multiply-adds per frame
  std::size_t weight_bytes = 0, state_bytes = 0;  ///< 0 if unknown
  /// Whether the input of a frame waits for the output of the last one, in calls of `forward`, of models of inlay.
  bool frames_wait = false;

  /// Resets to the start of a signal. The signal is a whole number of callbacks of `block` frames.
  virtual void start(const Frames& signal, std::size_t block) = 0;
  /// Runs callbacks [first, first + count). Memory is assumed to change between callbacks, as in a host. Only this
  /// function is timed.
  virtual void run(std::size_t first, std::size_t count) = 0;
  /// Returns the output of all callbacks.
  virtual Frames output() const = 0;
};

/// Makes the compiler assume that all memory changes here, and is read.
inline void clobber_memory() {
#if defined(__GNUC__) || defined(__clang__)
  asm volatile("" : : : "memory");
#else
  std::atomic_signal_fence(std::memory_order_acq_rel);
#endif
}

/// Returns the output for a signal in callbacks of `block` frames. The last callback is padded with zeros.
inline Frames output_of(Subject& subject, Frames signal, std::size_t block) {
  const std::size_t callbacks = (signal.size() + block - 1) / block;
  signal.resize(callbacks * block, std::vector<double>(signal[0].size()));
  subject.start(signal, block);
  subject.run(0, callbacks);
  return subject.output();
}

/// Returns the largest difference from the expected output, relative to its peak.
inline double error_of(Subject& subject, const Frames& signal, const Frames& expected, std::size_t block) {
  const Frames output = output_of(subject, signal, block);  // the padding does not affect earlier frames
  double worst = output.size() < expected.size() ? std::numeric_limits<double>::infinity() : 0, peak = 0;
  for (std::size_t t = 0; t < std::min(output.size(), expected.size()); ++t)
    for (std::size_t c = 0; c < expected[t].size(); ++c) {
      const double difference = std::abs(output[t][c] - expected[t][c]);
      worst = std::isnan(difference) ? std::numeric_limits<double>::infinity() : std::max(worst, difference);
      peak = std::max(peak, std::abs(expected[t][c]));
    }
  return worst / peak;
}

/// Largest accepted error.
inline constexpr double tolerance = sizeof(Scalar) == sizeof(float) ? 1e-5 : 1e-12;

}  // namespace inlay::bench

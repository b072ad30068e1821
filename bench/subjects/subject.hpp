/// Subject: what is timed. Ours and other libraries' networks behind one interface that costs nothing beside them, so
/// that all of them are fed, checked and timed by the same code.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "signal.hpp"

namespace inlay::bench {

class Subject {
 public:
  virtual ~Subject() = default;
  std::size_t macs = 0;                           ///< multiply-adds for a frame
  std::size_t weight_bytes = 0, state_bytes = 0;  ///< 0 where the library does not say

  /// Goes to the start of a signal, which comes in callbacks of `block` frames: a whole number of them.
  virtual void start(const Frames& signal, std::size_t block) = 0;
  /// The callbacks from `first` on, one after the other. All memory is taken for changed between them, as between
  /// those of a host. The only function that is timed.
  virtual void run(std::size_t first, std::size_t count) = 0;
  /// What the callbacks gave, from the first on.
  virtual Frames output() const = 0;
};

/// What a subject makes of a signal in callbacks of `block` frames, the last of which goes on in silence.
inline Frames output_of(Subject& subject, Frames signal, std::size_t block) {
  const std::size_t callbacks = (signal.size() + block - 1) / block;
  signal.resize(callbacks * block, std::vector<double>(signal[0].size()));
  subject.start(signal, block);
  subject.run(0, callbacks);
  return subject.output();
}

/// The largest difference of that from what it should make: as a share of that one's peak.
inline double error_of(Subject& subject, const Frames& signal, const Frames& expected, std::size_t block) {
  const Frames output = output_of(subject, signal, block);  // what is behind the signal is not heard before
  double worst = output.size() < expected.size() ? std::numeric_limits<double>::infinity() : 0, peak = 0;
  for (std::size_t t = 0; t < std::min(output.size(), expected.size()); ++t)
    for (std::size_t c = 0; c < expected[t].size(); ++c) {
      const double difference = std::abs(output[t][c] - expected[t][c]);
      worst = std::isnan(difference) ? std::numeric_limits<double>::infinity() : std::max(worst, difference);
      peak = std::max(peak, std::abs(expected[t][c]));
    }
  return worst / peak;
}

/// How far it may be.
inline constexpr double tolerance = sizeof(Scalar) == sizeof(float) ? 1e-5 : 1e-12;

}  // namespace inlay::bench

/// TransferCurve: the output of a model as a function of its input.
#pragma once

#include <cstddef>
#include <inlay/run_time.hpp>
#include <vector>

namespace amp {

/// An amplifier has no static curve: behind its coupling capacitors, a constant input gives nothing. So the input steps
/// from silence to x, and the curve is the peak of the output within 4 ms:
///
///     y(x) = the output of largest magnitude within 4 ms after a step from 0 to x
///
/// A model without memory gives its curve. The states are copies; the model that plays is not touched.
class TransferCurve {
 public:
  static constexpr std::size_t points = 161;  ///< from x = -1 to x = 1

  TransferCurve() = default;
  /// Runs a mono model over one second of audio. Allocates: not for the audio thread.
  explicit TransferCurve(const inlay::Model<float>& model);

  bool empty() const noexcept { return y_.empty(); }
  static float x(std::size_t point) noexcept { return 2 * float(point) / float(points - 1) - 1; }
  float y(std::size_t point) const noexcept { return y_[point]; }
  /// Between points, the curve is straight; beyond -1 and 1, constant.
  float at(float x) const noexcept;
  /// The largest magnitude of y.
  float peak() const noexcept;

 private:
  std::vector<float> y_;
};

}  // namespace amp

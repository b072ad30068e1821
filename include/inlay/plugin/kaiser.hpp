/// Kaiser: the window of the filters between sample rates.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::detail {

/// Kaiser's window for a filter whose ripple and stopband are at -`attenuation` dB, and his formulas for its shape and
/// length.
class Kaiser {
 public:
  explicit Kaiser(double attenuation) noexcept : attenuation_(attenuation), beta_(0.1102 * (attenuation - 8.7)) {}

  /// Number of samples that the window reaches to either side. `width`: from the end of the passband to the stopband,
  /// as a part of the sample rate.
  std::size_t reach(double width) const noexcept {
    return static_cast<std::size_t>(std::ceil((attenuation_ - 8) / (2.285 * 4 * std::numbers::pi * width)));
  }
  /// The window, not normalised, at `u` from -1 to 1.
  double operator()(double u) const noexcept { return bessel(beta_ * std::sqrt(std::fmax(0, 1 - u * u))); }

 private:
  /// The modified Bessel function I0.
  static double bessel(double x) noexcept {
    double sum = 1, term = 1;
    for (double k = 1; term > sum * 1e-17; ++k) sum += term *= (x / 2 / k) * (x / 2 / k);
    return sum;
  }

  double attenuation_, beta_;
};

}  // namespace inlay::INLAY_ISA::detail

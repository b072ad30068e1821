/// Coefficients of the filters of equalisers, by the formulas of Robert Bristow-Johnson's Audio EQ Cookbook.
#pragma once

#include "inlay/backend/loop.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/second_order.hpp"
#include "inlay/math/accurate.hpp"

namespace inlay::INLAY_ISA::math {

/// One band of an equaliser.
struct Band {
  double gain;       ///< dB
  double frequency;  ///< cycles per frame: frequency / sample rate
  double q;
};

enum class BandShape { low_shelf, peak, high_shelf };

namespace detail {

/// x within [low, high]; `low` if x is NaN.
INLAY_INLINE double clamped(double x, double low, double high) noexcept {
  return !(x > low) ? low : x > high ? high : x;
}

}  // namespace detail

/// Second-order filter of a band. Gains are clamped to +-120 dB, frequencies to 1e-6 to 0.499 cycles per frame, Q to
/// 0.01 to 1000; NaN counts as the lowest. The poles are then inside of the unit circle.
///
/// Not inlined: inlined copies could round differently.
INLAY_NOINLINE inline SecondOrder band_filter(BandShape shape, Band band) noexcept {
  using D = LoopBackend<double>;
  constexpr double pi = 3.14159265358979323846, ln_10 = 2.30258509299404568402;
  const double w = 2 * pi * detail::clamped(band.frequency, 1e-6, 0.499);
  const double sine = Accurate::sin<D>(w), cosine = Accurate::sin<D>(pi / 2 - w);
  const double alpha = sine / (2 * detail::clamped(band.q, 0.01, 1000));
  const double half = Accurate::exp<D>(detail::clamped(band.gain, -120, 120) * (ln_10 / 80));  // square root of a
  const double a = half * half;                                                                // the amplitude is a^2
  if (shape == BandShape::peak) {
    const double norm = 1 / (1 + alpha / a);
    return {(1 + alpha * a) * norm, -2 * cosine * norm, (1 - alpha * a) * norm, -2 * cosine * norm,
            (1 - alpha / a) * norm};
  }
  // The high shelf is the low shelf of the negative cosine, with the signs of b1 and a1 changed.
  const double sign = shape == BandShape::low_shelf ? 1 : -1, c = sign * cosine, s = 2 * half * alpha;
  const double norm = 1 / ((a + 1) + (a - 1) * c + s);
  return {a * ((a + 1) - (a - 1) * c + s) * norm, sign * 2 * a * ((a - 1) - (a + 1) * c) * norm,
          a * ((a + 1) - (a - 1) * c - s) * norm, sign * -2 * ((a - 1) + (a + 1) * c) * norm,
          ((a + 1) + (a - 1) * c - s) * norm};
}

}  // namespace inlay::INLAY_ISA::math

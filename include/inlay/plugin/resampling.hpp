/// Resampling: what the filters between two sample rates keep of a signal.
#pragma once

#include <cmath>

#include "inlay/plugin/interpolation_filter.hpp"

namespace inlay {

/// What the filters between two sample rates keep, and how much they attenuate false tones: the images and aliases of a
/// conversion. The better, the later. docs/sample-rates.md has figures. If a rate is below 44.1 kHz, the frequencies
/// are lower in proportion.
enum class Resampling {
  low_latency,  ///< flat to 18 kHz; false tones below 18 kHz are at -80 dB
  standard,     ///< flat to 20 kHz; false tones below 20 kHz are at -100 dB
  best,         ///< flat to 20 kHz; false tones of any frequency are at -120 dB
};

}  // namespace inlay

namespace inlay::INLAY_ISA::detail {

/// The filter for two rates, of which `rate` is the lower one. Where it stops above half of that rate, what is between
/// is folded to above `pass`.
inline LowPass low_pass(Resampling quality, double rate) noexcept {
  const double pass = (quality == Resampling::low_latency ? 18000 : 20000) * std::fmin(1, rate / 44100);
  if (quality == Resampling::best) return {pass, rate / 2, 120};
  return {pass, rate - pass, quality == Resampling::standard ? 100.0 : 82.0};
}

/// The filter for a signal at `rate` that is oversampled. It stops where the mirror image of its passband begins.
inline LowPass oversampling_low_pass(Resampling quality, double rate) noexcept {
  const double scale = std::fmin(1, rate / 48000);
  switch (quality) {
    case Resampling::low_latency:
      return {18000 * scale, rate - 18000 * scale, 80};
    case Resampling::best:
      return {22000 * scale, rate - 22000 * scale, 120};
    default:
      return {20000 * scale, rate - 20000 * scale, 100};
  }
}

}  // namespace inlay::INLAY_ISA::detail

/// HalfBand: a low-pass filter at half of the band, and streams that double and halve their sample rate with it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/plugin/kaiser.hpp"

namespace inlay::INLAY_ISA::detail {

/// A linear-phase filter that gives the values midway between the samples of a signal:
///
///     y(n + 1/2) = sum for k = 0 ... reach - 1 of f[k] (x[n - k] + x[n + 1 + k]),  f[k] = sinc(k + 1/2) kaiser
///
/// Together with the samples themselves these are the signal at twice the rate. The low-pass filter so described lets
/// pass what is below `pass`, stops what is above the mirror image of that, and has half its gain in the middle. Every
/// second of its factors is zero.
template <class T>
class HalfBand {
  using B = default_backend_for<T>;
  static constexpr std::size_t lanes = B::lanes(8);

 public:
  /// Frames that `between` may read and write beyond the last one.
  static constexpr std::size_t slack = lanes - 1;

  /// `pass`: end of the passband, as a part of the rate of the samples, below 1/2. Ripple and images are at
  /// -`attenuation` dB. Allocates.
  HalfBand(double pass, double attenuation) {
    // The shortest filter of any window that is good enough: Kaiser's formulas are inexact for short ones.
    const double limit = std::pow(10, -attenuation / 20);
    for (std::size_t reach = 1; factors_.empty(); ++reach)
      for (double shape = attenuation - 40; factors_.empty() && shape <= attenuation + 20; shape += 2) {
        const std::vector<double> factors = factors_of(Kaiser(shape), reach);
        if (ripple_is_within(limit, factors, pass)) factors_.assign(factors.begin(), factors.end());
      }
  }

  /// Number of samples that an output needs on either side.
  std::size_t reach() const noexcept { return factors_.size(); }

  /// y[i] lies midway between x[i + reach - 1] and x[i + reach]. Computes whole registers.
  void between(const T* x, T* y, std::size_t count) const noexcept {
    const std::size_t reach = factors_.size();
    for (std::size_t i = 0; i < count; i += lanes) {
      const T* const middle = x + i + reach;
      auto sum = B::template broadcast<lanes>(0);
      for (std::size_t k = 0; k < reach; ++k)
        sum = B::fma(B::template load<lanes>(middle - 1 - k) + B::template load<lanes>(middle + k),
                     B::template broadcast<lanes>(factors_[k]), sum);
      B::store(y + i, sum);
    }
  }

 private:
  /// The factors of a windowed sinc. They add up to 1/2.
  static std::vector<double> factors_of(const Kaiser& window, std::size_t reach) {
    std::vector<double> factors(reach);
    double sum = 0;
    for (std::size_t k = 0; k < reach; ++k) {
      const double t = static_cast<double>(k) + 0.5;
      factors[k] = std::sin(std::numbers::pi * t) / (std::numbers::pi * t) * window(t / static_cast<double>(reach));
      sum += 2 * factors[k];
    }
    for (double& each : factors) each /= sum;
    return factors;
  }
  /// Whether the gain of the low-pass filter differs from 1 by at most `limit` in the passband. The gain in the
  /// stopband is this difference, mirrored.
  static bool ripple_is_within(double limit, const std::vector<double>& factors, double pass) noexcept {
    constexpr int steps = 256;
    for (int i = steps; i >= 0; --i) {  // most filters that are too short fail at the end of the passband
      double gain = 0.5;
      for (std::size_t k = 0; k < factors.size(); ++k)
        gain += factors[k] * std::cos(2 * std::numbers::pi * pass * i / steps * (static_cast<double>(k) + 0.5));
      if (std::abs(gain - 1) > limit) return false;
    }
    return true;
  }

  std::vector<T> factors_;
};

/// The newest frames of a signal behind those before them.
template <class T>
class Past {
 public:
  /// Room for `past` frames, for `frames` new ones, and for whole registers. Allocates.
  Past(std::size_t past, std::size_t frames) : past_(past), memory_(past + frames + HalfBand<T>::slack) {}

  void clear() noexcept { std::fill(memory_.begin(), memory_.end(), T(0)); }
  /// Where new frames are to be written.
  T* end() noexcept { return memory_.data() + past_; }
  /// The oldest frame.
  const T* begin() const noexcept { return memory_.data(); }
  /// Forgets the oldest `frames` frames: as many new ones were written at `end`.
  void advance(std::size_t frames) noexcept { std::copy_n(memory_.data() + frames, past_, memory_.data()); }

 private:
  std::size_t past_;
  std::vector<T> memory_;
};

/// A signal at twice the rate of its input. It is 2 `reach` - 1 frames of the output late.
template <class T>
class Doubled {
 public:
  Doubled(const HalfBand<T>& filter, std::size_t frames)
      : past_(2 * filter.reach() - 1, frames), between_(frames + HalfBand<T>::slack) {}
  static std::size_t latency(const HalfBand<T>& filter) noexcept { return 2 * filter.reach() - 1; }
  void reset() noexcept { past_.clear(); }

  /// Writes 2 `frames` frames.
  void process(const HalfBand<T>& filter, const T* in, T* out, std::size_t frames) noexcept {
    std::copy_n(in, frames, past_.end());
    filter.between(past_.begin(), between_.data(), frames);
    const T* const samples = past_.begin() + filter.reach();
    for (std::size_t i = 0; i < frames; ++i) out[2 * i] = between_[i], out[2 * i + 1] = samples[i];
    past_.advance(frames);
  }

 private:
  Past<T> past_;
  std::vector<T> between_;
};

/// A signal at half the rate of its input, filtered first. It is 2 `reach` - 2 frames of the input late.
template <class T>
class Halved {
 public:
  /// `frames`: most frames of output at once.
  Halved(const HalfBand<T>& filter, std::size_t frames)
      : even_(filter.reach() - 1, frames),
        odd_(2 * filter.reach() - 1, frames),
        between_(frames + HalfBand<T>::slack) {}
  static std::size_t latency(const HalfBand<T>& filter) noexcept { return 2 * filter.reach() - 2; }
  void reset() noexcept { even_.clear(), odd_.clear(); }

  /// Reads 2 `frames` frames.
  void process(const HalfBand<T>& filter, const T* in, T* out, std::size_t frames) noexcept {
    T *const even = even_.end(), *const odd = odd_.end();
    for (std::size_t i = 0; i < frames; ++i) even[i] = in[2 * i], odd[i] = in[2 * i + 1];
    filter.between(odd_.begin(), between_.data(), frames);
    for (std::size_t i = 0; i < frames; ++i) out[i] = T(0.5) * (even_.begin()[i] + between_[i]);
    even_.advance(frames), odd_.advance(frames);
  }

 private:
  Past<T> even_, odd_;
  std::vector<T> between_;
};

}  // namespace inlay::INLAY_ISA::detail

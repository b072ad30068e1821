/// InterpolationFilter: a low-pass filter that gives the values of a signal between its samples.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/plugin/kaiser.hpp"

namespace inlay::INLAY_ISA::detail {

/// Frequencies in Hz up to `pass` stay, those from `stop` on are attenuated by `attenuation` dB.
struct LowPass {
  double pass, stop, attenuation;
};

/// A linear-phase filter whose output lies at the times n + p / phases of its input, for p = 0 ... phases - 1:
///
///     y(n + p / phases) = sum over k of x[k] h(k - n - p / phases),  h(t) = 2 f sinc(2 f t) kaiser(t / reach)
///
/// with k - n from 1 - reach to reach, and f = (pass + stop) / 2. The factors of each phase are stored and add up to 1.
template <class T>
class InterpolationFilter {
 public:
  /// `rate` is that of the input, in Hz. Allocates.
  InterpolationFilter(LowPass low_pass, double rate, std::size_t phases) {
    const Kaiser window(low_pass.attenuation);
    const double cutoff = (low_pass.pass + low_pass.stop) / rate;  // of half the rate
    reach_ = window.reach((low_pass.stop - low_pass.pass) / rate);
    taps_ = (2 * reach_ + 2 * lanes - 1) / (2 * lanes) * (2 * lanes);
    factors_.resize(phases * taps_);
    std::vector<double> row(2 * reach_);
    for (std::size_t p = 0; p < phases; ++p) {
      double sum = 0;
      for (std::size_t k = 0; k < row.size(); ++k) {
        const double t = static_cast<double>(k) - static_cast<double>(reach_ - 1) -
                         static_cast<double>(p) / static_cast<double>(phases);
        sum += row[k] = sinc(cutoff * t) * window(t / static_cast<double>(reach_));
      }
      T* const to = &factors_[(p + 1) * taps_ - row.size()];  // zeros come first: they meet old frames, never new ones
      for (std::size_t k = 0; k < row.size(); ++k) to[k] = static_cast<T>(row[k] / sum);
    }
  }

  /// The number of frames after n that the output needs.
  std::size_t reach() const noexcept { return reach_; }
  /// The number of frames that `at` reads. The last one is `reach` after n.
  std::size_t taps() const noexcept { return taps_; }

  /// The output at n + phase / phases, where x[taps - 1] is the frame n + reach.
  INLAY_INLINE T at(const T* x, std::size_t phase) const noexcept {
    const T* const h = &factors_[phase * taps_];
    Register even = B::template broadcast<lanes>(0), odd = even;  // two sums: each addition waits for the one before it
    for (std::size_t k = 0; k < taps_; k += 2 * lanes) {
      even = B::fma(B::template load<lanes>(x + k), B::template load<lanes>(h + k), even);
      odd = B::fma(B::template load<lanes>(x + k + lanes), B::template load<lanes>(h + k + lanes), odd);
    }
    T sums[lanes];
    B::store(sums, even + odd);
    for (std::size_t n = lanes / 2; n > 0; n /= 2)
      for (std::size_t i = 0; i < n; ++i) sums[i] += sums[i + n];
    return sums[0];
  }

 private:
  using B = default_backend_for<T>;
  static constexpr std::size_t lanes = B::lanes(8);
  using Register = typename B::template Register<lanes>;

  static double sinc(double x) noexcept { return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x); }

  std::size_t reach_ = 0, taps_ = 0;
  std::vector<T> factors_;
};

}  // namespace inlay::INLAY_ISA::detail

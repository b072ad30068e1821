/// tanh, sigmoid and exp for registers: the default mathematics.
///
/// | function | float                          | double  |
/// |----------|--------------------------------|---------|
/// | tanh     | 3e-7 absolute, within [-1, 1]  | 4 ulp   |
/// | sigmoid  | 3e-7 absolute, within [0, 1]   | 4 ulp   |
/// | exp      | 3e-7 relative                  | 4 ulp   |
///
/// NaN stays NaN, infinities go to the limits. The bounds are tested for every backend over all exponents.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::math {

/// Bits of the fraction of a float or double.
template <class T>
inline constexpr int mantissa_bits = std::same_as<T, float> ? 23 : 52;

/// Added to a whole number n, leaves n + exponent bias in the lowest bits of the fraction.
template <class T>
inline constexpr T pow2_magic = std::same_as<T, float> ? T(12582912 + 127) : T(6755399441055744 + 1023);

/// A register of R's kind with `value` in each lane.
template <class B, class R>
INLAY_INLINE R splat(typename B::scalar value) noexcept {
  return B::template fill<sizeof(R) / sizeof(typename B::scalar)>(value);
}

/// c[0] + c[1] x + c[2] x^2 + ...
template <class B, class R, std::size_t N>
INLAY_INLINE R polynomial(R x, const std::array<typename B::scalar, N>& c) noexcept {
  R y = splat<B, R>(c[N - 1]);
  for (std::size_t k = N - 1; k-- > 0;) y = B::fma(y, x, splat<B, R>(c[k]));
  return y;
}

struct Accurate {
  /// e^x. With n = round(x / ln 2) and r = x - n ln 2, e^x = 2^n e^r, and the Taylor series of e^r ends
  /// where its next term is below half an ulp (|r| <= ln 2 / 2).
  template <class B, class R>
  static INLAY_INLINE R exp(R x) noexcept {
    using T = typename B::scalar;
    constexpr bool single = std::same_as<T, float>;
    constexpr auto series = [] {
      std::array<T, single ? 6 : 12> c{};  // 1/2!, 1/3!, ...
      double factorial = 1;
      for (std::size_t k = 0; k < c.size(); ++k) c[k] = T(1 / (factorial *= double(k + 2)));
      return c;
    }();
    // ln 2 in two parts, the first with so few bits that n times it is exact.
    constexpr T ln2_high = single ? T(0.693359375) : T(6.93145751953125e-1);
    constexpr T ln2_low = single ? T(-2.12194440054690583e-4) : T(1.42860682030941723212e-6);
    // Beyond these the result is infinite, or less than half of the smallest number.
    x = B::max(splat<B, R>(single ? T(-104) : T(-746)), B::min(splat<B, R>(single ? T(89) : T(710)), x));
    const R n = B::round(x * splat<B, R>(T(1.44269504088896340736)));
    const R r = B::fma(n, splat<B, R>(-ln2_low), B::fma(n, splat<B, R>(-ln2_high), x));
    const R y = B::fma(r * r, polynomial<B>(r, series), r) + splat<B, R>(T(1));
    const R half = B::round(n * splat<B, R>(T(0.5)));  // 2^n in two steps reaches the denormals
    return y * B::pow2(half) * B::pow2(n - half);
  }

  /// Hyperbolic tangent.
  template <class B, class R>
  static INLAY_INLINE R tanh(R x) noexcept {
    if constexpr (std::same_as<typename B::scalar, float>) return tanh_single<B>(x);
    else return tanh_double<B>(x);
  }

  /// 1 / (1 + e^-x)
  template <class B, class R>
  static INLAY_INLINE R sigmoid(R x) noexcept {
    using T = typename B::scalar;
    if constexpr (std::same_as<T, float>) {
      return sigmoid_of_double<B>(x * splat<B, R>(T(0.5)));
    } else {
      const R zero = splat<B, R>(T(0)), one = splat<B, R>(T(1));
      const R e = exp<B>(B::if_less(x, zero, x, zero - x));
      return B::if_less(x, zero, e, one) / (one + e);
    }
  }

  /// sigmoid(2 u) = (tanh(u) + 1) / 2, for gates whose weights were halved while loading.
  template <class B, class R>
  static INLAY_INLINE R sigmoid_of_double(R u) noexcept {
    using T = typename B::scalar;
    return B::fma(splat<B, R>(T(0.5)), tanh<B>(u), splat<B, R>(T(0.5)));
  }

 private:
  /// x P(x^2) / Q(x^2), fitted to the least relative error on [0, 8.1] by iteratively reweighted least
  /// squares, its coefficients rounded to float together for the least error with and without a fused
  /// multiply-add: 2.75e-7. Beyond 8.1 tanh is within 1.9e-7 of 1.
  template <class B, class R>
  static INLAY_INLINE R tanh_single(R x) noexcept {
    constexpr std::array<float, 5> p = {1.02352893f, 0.137545347f, 0.00364803802f, 2.22783692e-05f, 1.53886948e-08f};
    constexpr std::array<float, 5> q = {1.02352893f, 0.478721619f, 0.026751481f, 0.000347888446f, 8.64525589e-07f};
    x = B::max(splat<B, R>(-8.1f), B::min(splat<B, R>(8.1f), x));
    const R s = x * x;
    return x * polynomial<B>(s, p) / polynomial<B>(s, q);
  }

  /// Lambert's continued fraction x / (1 + x^2 / (3 + x^2 / (5 + ...))) near zero, written as x plus a
  /// small term; 1 - 2 e^-2|x| / (1 + e^-2|x|) elsewhere.
  template <class B, class R>
  static INLAY_INLINE R tanh_double(R x) noexcept {
    constexpr std::array<double, 4> p = {675675, 45045, 594, 1};
    constexpr std::array<double, 5> q = {2027025, 945945, 51975, 630, 1};
    const R zero = splat<B, R>(0.0), one = splat<B, R>(1.0), two = splat<B, R>(2.0), split = splat<B, R>(0.5);
    const R a = B::if_less(x, zero, zero - x, x);
    const R s = a * a;
    const R e = exp<B>(zero - two * a);
    const R numerator = B::if_less(a, split, a * s * polynomial<B>(s, p), two * e);
    const R denominator = B::if_less(a, split, polynomial<B>(s, q), one + e);
    const R y = B::if_less(a, split, a, one) - numerator / denominator;
    return B::if_less(x, zero, zero - y, y);
  }
};

}  // namespace inlay::math

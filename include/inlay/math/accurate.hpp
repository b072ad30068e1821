/// Accurate: the default SIMD math functions. Maximum errors:
///
/// | function         | float                           | double                          |
/// |------------------|---------------------------------|---------------------------------|
/// | tanh             | 3e-7 absolute, within [-1, 1]   | 4 ulp                           |
/// | sigmoid          | 3e-7 absolute, within [0, 1]    | 4 ulp                           |
/// | sigmoid_relative | 3e-7 relative, within [0, 1]    | 4 ulp                           |
/// | exp              | 3e-7 relative                   | 4 ulp                           |
/// | log1p, on [0, 1] | 3e-7 relative                   | 4 ulp                           |
/// | normal_cdf       | 4 ulp, below zero (6 + x^2) ulp | 4 ulp, below zero (6 + x^2) ulp |
/// | sin              | 3e-7 absolute in [-5e4, 5e4]    | 4 ulp in [-3e6, 3e6]            |
///
/// On processors without vectors, tanh and sigmoid of floats use a table of 3.0 KB, see math/tanh_table.hpp.
///
/// sigmoid_relative, and sigmoid of doubles, return zero where the result is less than 2^-127.5, or 2^-1023.5 of
/// doubles.
///
/// NaN returns NaN. Infinities return the limits, except for sin. Tests check the bounds for every backend and all
/// exponents.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/math/tanh_table.hpp"

namespace inlay::INLAY_ISA::math {

/// Number of fraction bits of float or double.
template <class T>
inline constexpr int mantissa_bits = std::same_as<T, float> ? 23 : 52;

/// Adding this to an integer n leaves n + exponent bias in the lowest bits of the fraction.
template <class T>
inline constexpr T pow2_magic = std::same_as<T, float> ? T(12582912 + 127) : T(6755399441055744 + 1023);

/// Returns a register of type R with `value` in every lane.
template <class B, class R>
INLAY_INLINE R broadcast(typename B::scalar value) noexcept {
  return B::template broadcast<sizeof(R) / sizeof(typename B::scalar)>(value);
}

/// a / b, correctly rounded.
template <class B, class R>
INLAY_INLINE R divide(R a, R b) noexcept {
  if constexpr (requires { B::divide(a, b); }) return B::divide(a, b);
  else return a / b;
}

/// c[0] + c[1] x + c[2] x^2 + ..., by Horner's scheme. GCC must unroll the loop before it vectorises those around it,
/// which is all that LoopBackend has: it does if the loop counts up.
template <class B, class R, std::size_t N>
INLAY_INLINE R polynomial(R x, const std::array<typename B::scalar, N>& c) noexcept {
  R y = broadcast<B, R>(c[N - 1]);
  for (std::size_t k = 2; k <= N; ++k) y = B::fma(y, x, broadcast<B, R>(c[N - k]));
  return y;
}

struct Accurate {
  /// e^x
  template <class B, class R>
  static INLAY_INLINE R exp(R x) noexcept {
    using T = typename B::scalar;
    constexpr bool single = std::same_as<T, float>;
    // Outside this range the result overflows to infinity or underflows to zero.
    x = B::max(broadcast<B, R>(single ? T(-104) : T(-746)), B::min(broadcast<B, R>(single ? T(89) : T(710)), x));
    const auto [y, n] = scaled_exp<B>(x);
    const R half = B::round(n * broadcast<B, R>(T(0.5)));  // 2^n as two factors, to reach the denormals
    return y * B::pow2(half) * B::pow2(n - half);
  }

  template <class B, class R>
  static INLAY_INLINE R tanh(R x) noexcept {
    if constexpr (uses_table<typename B::scalar, R>) return tanh_table<B, 12, 8>(x);
    else if constexpr (std::same_as<typename B::scalar, float>) return tanh_single<B>(x);
    else return tanh_double<B>(x);
  }

  /// 1 / (1 + e^-x)
  template <class B, class R>
  static INLAY_INLINE R sigmoid(R x) noexcept {
    using T = typename B::scalar;
    if constexpr (std::same_as<T, float>) return sigmoid_of_double<B>(x * broadcast<B, R>(T(0.5)));
    else return sigmoid_relative<B>(x);
  }

  /// 1 / (1 + e^-x) with a relative error bound as x goes to -infinity. Used where the sigmoid is multiplied by x. A
  /// result below 2^-127.5 (2^-1023.5 in double), a denormal number, is zero: e^-x is infinite there.
  template <class B, class R>
  static INLAY_INLINE R sigmoid_relative(R x) noexcept {
    using T = typename B::scalar;
    constexpr bool single = std::same_as<T, float>;
    const R zero = broadcast<B, R>(T(0)), one = broadcast<B, R>(T(1));
    const R least = broadcast<B, R>(single ? T(-87) : T(-708)), most = broadcast<B, R>(single ? T(89) : T(710));
    const auto [y, n] = scaled_exp<B>(B::max(least, B::min(most, zero - x)));
    return divide<B>(one, one + y * B::pow2(n));
  }

  /// sigmoid(2 u) = (tanh(u) + 1) / 2. Recurrent layers halve the weights of their gates when they are loaded, and then
  /// need no multiplication here.
  template <class B, class R>
  static INLAY_INLINE R sigmoid_of_double(R u) noexcept {
    using T = typename B::scalar;
    return B::fma(broadcast<B, R>(T(0.5)), tanh<B>(u), broadcast<B, R>(T(0.5)));
  }

  /// log(1 + x) for x in [0, 1]. Evaluates 2 artanh(s), s = x / (2 + x) <= 1/3. The series in s^2 stops where the next
  /// term is below half an ulp.
  template <class B, class R>
  static INLAY_INLINE R log1p(R x) noexcept {
    using T = typename B::scalar;
    constexpr auto series = [] {
      std::array<T, std::same_as<T, float> ? 6 : 15> c{};  // 1/3, 1/5, ...
      for (std::size_t k = 0; k < c.size(); ++k) c[k] = T(1 / double(2 * k + 3));
      return c;
    }();
    const R two = broadcast<B, R>(T(2));
    const R twice_s = divide<B>(two * x, two + x);
    const R square = twice_s * twice_s * broadcast<B, R>(T(0.25));
    return B::fma(twice_s * square, polynomial<B>(square, series), twice_s);
  }

  /// Standard normal cumulative distribution function, (1 + erf(x / sqrt 2)) / 2. The error is relative as x goes to
  /// -infinity, because GELU multiplies the result by x.
  template <class B, class R>
  static INLAY_INLINE R normal_cdf(R x) noexcept {
    using T = typename B::scalar;
    const R zero = broadcast<B, R>(T(0)), one = broadcast<B, R>(T(1)), half = broadcast<B, R>(T(0.5));
    const R farthest = broadcast<B, R>(std::same_as<T, float> ? T(15) : T(39));  // e^(-a^2 / 2) is zero there
    const R a = B::min(farthest, B::if_less(x, zero, zero - x, x));
    const R tail = exp<B>(zero - half * a * a) * mills_ratio<B>(a);
    return B::if_less(x, zero, tail, one - tail);
  }

  /// Sine: sin x = (-1)^n sin r with n = round(x / pi), r = x - n pi, |r| <= pi / 2. The Taylor series of sin r stops
  /// where the next term is below an ulp. Arguments are clamped to the range of the error bound, so that the result is
  /// in [-1, 1] for every argument, infinities included.
  template <class B, class R>
  static INLAY_INLINE R sin(R x) noexcept {
    using T = typename B::scalar;
    constexpr bool single = std::same_as<T, float>;
    constexpr auto series = [] {
      std::array<T, single ? 5 : 10> c{};  // -1/3!, 1/5!, ...
      double factorial = 1;
      for (std::size_t k = 0; k < c.size(); ++k) c[k] = T(1 / (factorial *= -double((2 * k + 2) * (2 * k + 3))));
      return c;
    }();
    // pi as a sum of three parts. The first two have so few bits that n times them is exact.
    constexpr T pi_high = single ? T(3.140625) : T(3.14159265346825122833252);
    constexpr T pi_middle = single ? T(0.0009670257568359375) : T(1.21542010126079319531910982732e-10);
    constexpr T pi_low = single ? T(6.278329573e-7) : T(4.04453249759190146e-21);
    constexpr T range = single ? T(50000) : T(3000000);
    const R one = broadcast<B, R>(T(1)), two = broadcast<B, R>(T(2));
    x = B::max(broadcast<B, R>(-range), B::min(broadcast<B, R>(range), x));
    const R n = B::round(x * broadcast<B, R>(T(0.318309886183790671538)));
    R r = B::fma(n, broadcast<B, R>(-pi_high), x);
    r = B::fma(n, broadcast<B, R>(-pi_middle), r);
    r = B::fma(n, broadcast<B, R>(-pi_low), r);
    const R odd = n - two * B::round(n * broadcast<B, R>(T(0.5)));  // parity of n: -1, 0 or 1
    const R square = r * r;
    return B::fma(r * square, polynomial<B>(square, series), r) * (one - two * odd * odd);
  }

 private:
  /// y 2^n with an integer n.
  template <class R>
  struct Scaled {
    R y, n;
  };

  /// e^x = e^r 2^n with n = round(x / ln 2), r = x - n ln 2, |r| <= ln 2 / 2. The Taylor series of e^r stops where the
  /// next term is below half an ulp.
  template <class B, class R>
  static INLAY_INLINE Scaled<R> scaled_exp(R x) noexcept {
    using T = typename B::scalar;
    constexpr bool single = std::same_as<T, float>;
    constexpr auto series = [] {
      std::array<T, single ? 8 : 14> c{};  // 1/0!, 1/1!, 1/2!, ...
      double factorial = 1;
      for (std::size_t k = 0; k < c.size(); ++k) c[k] = T(1 / (factorial *= k > 0 ? double(k) : 1));
      return c;
    }();
    // ln 2 as a sum of two parts. The first has so few bits that n times it is exact.
    constexpr T ln2_high = single ? T(0.693359375) : T(6.93145751953125e-1);
    constexpr T ln2_low = single ? T(-2.12194440054690583e-4) : T(1.42860682030941723212e-6);
    const R n = B::round(x * broadcast<B, R>(T(1.44269504088896340736)));
    const R r = B::fma(n, broadcast<B, R>(-ln2_low), B::fma(n, broadcast<B, R>(-ln2_high), x));
    return {polynomial<B>(r, series), n};
  }

  /// x P(x^2) / Q(x^2). Minimax fit of the relative error on [0, 8.1] by iteratively reweighted least squares. The
  /// coefficients were rounded to float jointly, for evaluation with and without FMA. Maximum error: 2.75e-7. tanh(8.1)
  /// is within 1.9e-7 of 1.
  template <class B, class R>
  static INLAY_INLINE R tanh_single(R x) noexcept {
    constexpr std::array<float, 5> p = {1.02352893f, 0.137545347f, 0.00364803802f, 2.22783692e-05f, 1.53886948e-08f};
    constexpr std::array<float, 5> q = {1.02352893f, 0.478721619f, 0.026751481f, 0.000347888446f, 8.64525589e-07f};
    x = B::max(broadcast<B, R>(-8.1f), B::min(broadcast<B, R>(8.1f), x));
    const R s = x * x;
    if constexpr (compiler::multiplies_by_lane && sizeof(R) == 16) {
      return divide<B>(x * quartic_by_lane<B>(s, p), quartic_by_lane<B>(s, q));
    } else {
      return divide<B>(x * polynomial<B>(s, p), polynomial<B>(s, q));
    }
  }

  /// c[0] + c[1] s + ... + c[4] s^4, by powers of s, which two polynomials share. Horner's scheme copies each
  /// coefficient into a register that the multiply-add overwrites. Here coefficients are lanes of one register. The
  /// maximum error of tanh is 2.62e-7, less than by Horner's scheme.
  template <class B, class R>
  static INLAY_INLINE R quartic_by_lane(R s, const std::array<float, 5>& c) noexcept {
    const auto factors = compiler::load_once<float, 4>(c.data() + 1);
    const auto factor = [&](std::size_t k) INLAY_INLINE_LAMBDA { return broadcast<B, R>(factors[k]); };
    const R s2 = s * s, s3 = s2 * s, s4 = s2 * s2;
    R y = compiler::opaque(s4 * factor(3));  // the smallest term first, for the error
    y = B::fma(s3, factor(2), y);
    y = B::fma(s2, factor(1), y);
    return B::fma(s, factor(0), y) + broadcast<B, R>(c[0]);
  }

  /// Near zero: Lambert's continued fraction x / (1 + x^2 / (3 + x^2 / (5 + ...))), as x plus a small correction.
  /// Elsewhere: 1 - 2 e^-2|x| / (1 + e^-2|x|).
  template <class B, class R>
  static INLAY_INLINE R tanh_double(R x) noexcept {
    constexpr std::array<double, 4> p = {675675, 45045, 594, 1};
    constexpr std::array<double, 5> q = {2027025, 945945, 51975, 630, 1};
    const R zero = broadcast<B, R>(0.0), one = broadcast<B, R>(1.0), two = broadcast<B, R>(2.0),
            split = broadcast<B, R>(0.5);
    const R a = B::if_less(x, zero, zero - x, x);
    const R s = a * a;
    const R e = exp<B>(zero - two * a);
    const R numerator = B::if_less(a, split, a * s * polynomial<B>(s, p), two * e);
    const R denominator = B::if_less(a, split, polynomial<B>(s, q), one + e);
    const R y = B::if_less(a, split, a, one) - divide<B>(numerator, denominator);
    return B::if_less(x, zero, zero - y, y);
  }

  /// Mills ratio, scaled: e^(a^2 / 2) normal_cdf(-a) for a >= 0, as P(a) / Q(a). Minimax fit of the relative error, by
  /// iteratively reweighted least squares, over the range where e^(-a^2 / 2) does not underflow. Maximum error before
  /// rounding the coefficients: 7e-9 for float, 6e-17 for double. All coefficients are positive, so nothing cancels.
  template <class B, class R>
  static INLAY_INLINE R mills_ratio(R a) noexcept {
    if constexpr (std::same_as<typename B::scalar, float>) {
      constexpr std::array<float, 5> p = {0.5f, 0.43933457f, 0.1840064f, 0.040893413f, 0.004154914f};
      constexpr std::array<float, 6> q = {1, 1.6765542f, 1.2057045f, 0.4715066f, 0.10251068f, 0.010414714f};
      return divide<B>(polynomial<B>(a, p), polynomial<B>(a, q));
    } else {
      constexpr std::array<double, 10> p = {0.5,
                                            0.7746771630089078,
                                            0.5937543043537603,
                                            0.2891195873747978,
                                            0.09760163740553247,
                                            0.023591878319627866,
                                            0.004082658957722251,
                                            0.0004894268679734191,
                                            3.7161070784913655e-05,
                                            1.3813689132877593e-06};
      constexpr std::array<double, 11> q = {1,
                                            2.347238886820672,
                                            2.5603342770181277,
                                            1.7134324417303333,
                                            0.7814326503320248,
                                            0.2546984225911189,
                                            0.06035595574418608,
                                            0.010326857358600589,
                                            0.0012302738042023506,
                                            9.314899074288259e-05,
                                            3.4625783757537616e-06};
      return divide<B>(polynomial<B>(a, p), polynomial<B>(a, q));
    }
  }
};

}  // namespace inlay::INLAY_ISA::math

/// Fast: opt-in SIMD math functions, faster and less accurate than `Accurate`.
///
/// | function | maximum absolute error, float and double      | properties                                    |
/// |----------|-----------------------------------------------|-----------------------------------------------|
/// | tanh     | 3e-5, within [-1, 1]; 3e-5 relative near zero | odd, 0 at 0, monotonic to within four roundings |
/// | sigmoid  | 2e-5, within [0, 1]                           | monotonic to within four roundings            |
///
/// On processors without vectors, `Fast` is not faster than `Accurate`, but its table takes 1.1 KB instead of 3.0 KB.
///
/// All other functions are inherited from `Accurate`. NaN returns NaN. Infinities return the limits to within the error
/// bound. Tests check the bounds for every backend and all exponents.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/math/accurate.hpp"
#include "inlay/math/lookup.hpp"

namespace inlay::INLAY_ISA::math {

struct Fast : Accurate {
  /// Tolerance of a file's check, relative to max(1, peak of the output), when a model uses this math policy.
  static constexpr double lossy_bound = 1e-3;

  template <class B, class R>
  static INLAY_INLINE R tanh(R x) noexcept {
    if constexpr (uses_table<typename B::scalar, R>) return tanh_table<B, 6, 6>(x);
    else if constexpr (has_lookup<typename B::scalar, R>) return tanh_piecewise<B>(x);
    else return tanh_rational<B>(x);
  }

  /// sigmoid(2 u) = (tanh(u) + 1) / 2. See `Accurate::sigmoid_of_double`.
  template <class B, class R>
  static INLAY_INLINE R sigmoid_of_double(R u) noexcept {
    using T = typename B::scalar;
    return B::fma(broadcast<B, R>(T(0.5)), tanh<B>(u), broadcast<B, R>(T(0.5)));
  }

  /// 1 / (1 + e^-x)
  template <class B, class R>
  static INLAY_INLINE R sigmoid(R x) noexcept {
    using T = typename B::scalar;
    return sigmoid_of_double<B>(x * broadcast<B, R>(T(0.5)));
  }

 private:
  /// x P(x^2) / Q(x^2). Minimax fit of the absolute error on [0, 5.8]: 5e-6. Arguments are clamped at the maximum of
  /// the quotient, 1 - 2.3e-5. Each polynomial is split into two independent halves for instruction-level parallelism.
  template <class B, class R>
  static INLAY_INLINE R tanh_rational(R x) noexcept {
    using T = typename B::scalar;
    const auto c = [](double value) INLAY_INLINE_LAMBDA { return broadcast<B, R>(T(value)); };
    x = B::max(c(-5.7), B::min(c(5.7), x));
    const R s = x * x;
    const R p = B::fma(x * s, B::fma(c(0.00152079831), s, c(0.114870079)), compiler::opaque(c(0.999976814) * x));
    const R q = B::fma(s * s, B::fma(c(5.67858042e-05), s, c(0.0176365245)), B::fma(c(0.448127836), s, c(1)));
    return divide<B>(p, q);
  }

  /// Piecewise cubic on fifteen intervals of |x|, and 1 from 6.5 on. Maximum error: 1.6e-5. Each octave of |x| + 0.5
  /// has four intervals, so the exponent and the two highest fraction bits of |x| + 0.5 are the interval's index. There
  /// is no division, and the latency is half that of the shortest rational function, which matters in recurrent layers.
  /// The pieces are continuous, and each was fitted for the least maximum absolute error.
  template <class B, class R>
  static INLAY_INLINE R tanh_piecewise(R x) noexcept
    requires has_lookup<float, R>
  {
    using Bits = typename compiler::NativeVector<std::int32_t, sizeof(R) / 4>::type;
    const Bits magnitude_and_sign = internal::bit_cast<Bits>(x), sign = magnitude_and_sign & ~0x7FFFFFFF;
    const R a = B::min(broadcast<B, R>(6.75f), internal::bit_cast<R>(magnitude_and_sign & 0x7FFFFFFF));
    const Bits piece = internal::bit_cast<Bits>(a + broadcast<B, R>(0.5f)) >> 21;
    const auto c = [&](std::size_t power) INLAY_INLINE_LAMBDA { return lookup<R>(pieces[power], piece); };
    const R y = B::fma(a * a, B::fma(c(3), a, c(2)), B::fma(c(1), a, c(0)));
    return internal::bit_cast<R>(internal::bit_cast<Bits>(y) | sign);
  }

  /// Coefficients of 1, a, a^2 and a^3. Intervals: [1.5, 2), ... [3, 3.5), [3.5, 4.5), ... [6.5, 7.5), then [0, 1/8),
  /// ... [3/8, 1/2), [1/2, 3/4), ... [5/4, 3/2).
  alignas(64) static constexpr float pieces[4][16] = {
      {0.0697718671f, 0.347431907f, 0.599543086f, 0.774258265f, 0.908676994f, 0.977646447f, 0.970711787f, 1.0f, 0.0f,
       -0.000101052783f, -0.0012457356f, -0.00570040371f, -0.0225124501f, -0.0624314256f, -0.0890956854f,
       -0.0655357937f},
      {1.0761055f, 0.656206733f, 0.350305273f, 0.173721878f, 0.0594248509f, 0.0119971666f, 0.014549447f, 0.0f,
       1.00001498f, 1.00218234f, 1.01553278f, 1.05083843f, 1.14682022f, 1.30861812f, 1.39158546f, 1.33697444f},
      {-0.441034625f, -0.228918199f, -0.105030874f, -0.045486435f, -0.0130477367f, -0.00216338678f, -0.00241023971f,
       0.0f, -0.000608043245f, -0.0163845823f, -0.0686830893f, -0.162301479f, -0.345530428f, -0.564947444f,
       -0.651095691f, -0.608904881f},
      {0.0632729016f, 0.0274818752f, 0.0107360635f, 0.0040373618f, 0.000964401162f, 0.000130898172f, 0.000133088521f,
       0.0f, -0.327357755f, -0.288117395f, -0.219270596f, -0.136210273f, -0.0191831605f, 0.0803549071f, 0.110200074f,
       0.0993358132f},
  };
};

}  // namespace inlay::INLAY_ISA::math

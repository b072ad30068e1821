/// log: the natural logarithm of registers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/math/accurate.hpp"

namespace inlay::INLAY_ISA::math {

/// The natural logarithm of each lane, which must be a positive normal number; of infinity, a number above that of the
/// largest one. NaN returns NaN. Maximum error: 2 ulp, and near 1 absolute 1e-7 in float, 2e-16 in double.
///
/// x = 2^n m with m in [sqrt(1/2), sqrt(2)), log m = 2 artanh(s), s = (m - 1) / (m + 1). The series in s^2 stops where
/// the next term is below half an ulp.
template <class B, class R>
INLAY_INLINE R log(R x) noexcept {
  using T = typename B::scalar;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  using Int = std::make_signed_t<Bits>;
  constexpr std::size_t lanes = sizeof(R) / sizeof(T);
  constexpr Bits least = internal::bit_cast<Bits>(T(0.70710678118654752440));
  constexpr auto series = [] {
    std::array<T, sizeof(T) == 4 ? 5 : 10> c{};  // 1/3, 1/5, ...
    for (std::size_t k = 0; k < c.size(); ++k) c[k] = T(1 / double(2 * k + 3));
    return c;
  }();
  T significand[lanes], exponent[lanes];
  B::store(significand, x);
  for (std::size_t i = 0; i < lanes; ++i) {
    const Bits bits = internal::bit_cast<Bits>(significand[i]);
    const Int n = static_cast<Int>(bits - least) >> mantissa_bits<T>;
    exponent[i] = static_cast<T>(static_cast<std::int32_t>(n));
    significand[i] = internal::bit_cast<T>(bits - (static_cast<Bits>(n) << mantissa_bits<T>));
  }
  const R n = B::template load<lanes>(exponent), m = B::template load<lanes>(significand);
  const R one = broadcast<B, R>(T(1)), two = broadcast<B, R>(T(2));
  const R s = divide<B>(m - one, m + one);
  const R twice = two * s, square = s * s;
  const R log_m = B::fma(twice * square, polynomial<B>(square, series), twice);
  const R y = B::fma(n, broadcast<B, R>(T(0.69314718055994530942)), log_m);
  return B::if_less(broadcast<B, R>(T(0)), x, y, x);
}

}  // namespace inlay::INLAY_ISA::math

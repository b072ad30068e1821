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

namespace detail {

/// Splits x = 2^n m, m in [sqrt(1/2), sqrt(2)), given the bits of x: returns n as a number, sets `bits` to those of m.
/// V is a number or a register, U and S are unsigned and signed integers of its size, or vectors of them.
template <class T, class V, class U, class S, class Bits>
INLAY_INLINE V split_exponent(U& bits, Bits least, Bits magic, V number) noexcept {
  const U whole = bits - least;
  const U n = internal::bit_cast<U>(internal::bit_cast<S>(whole) >> mantissa_bits<T>);
  bits = bits - (n << mantissa_bits<T>);
  const U sum = n + magic;  // adding n to the bits of `number` adds n to it
  return internal::bit_cast<V>(sum) - number;
}

}  // namespace detail

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
  constexpr T number = sizeof(T) == 4 ? T(12582912) : T(6755399441055744);
  constexpr Bits magic = internal::bit_cast<Bits>(number);
  R n, m;
#if INLAY_HAS_NATIVE_VECTOR
  if constexpr (lanes > 1) {
    using U = compiler::Values<Bits, lanes>;
    U bits = internal::bit_cast<U>(x);
    n = detail::split_exponent<T, R, U, compiler::Values<Int, lanes>, Bits>(bits, least, magic,
                                                                            broadcast<B, R>(number));
    m = internal::bit_cast<R>(bits);
  } else
#endif
  {
    T exponents[lanes], significands[lanes];
    B::store(significands, x);
    for (std::size_t i = 0; i < lanes; ++i) {
      Bits bits = internal::bit_cast<Bits>(significands[i]);
      exponents[i] = detail::split_exponent<T, T, Bits, Int, Bits>(bits, least, magic, number);
      significands[i] = internal::bit_cast<T>(bits);
    }
    n = B::template load<lanes>(exponents), m = B::template load<lanes>(significands);
  }
  const R one = broadcast<B, R>(T(1)), two = broadcast<B, R>(T(2));
  const R s = divide<B>(m - one, m + one);
  const R twice = two * s, square = s * s;
  const R log_m = B::fma(twice * square, polynomial<B>(square, series), twice);
  const R y = B::fma(n, broadcast<B, R>(T(0.69314718055994530942)), log_m);
  return B::if_less(broadcast<B, R>(T(0)), x, y, x);
}

}  // namespace inlay::INLAY_ISA::math

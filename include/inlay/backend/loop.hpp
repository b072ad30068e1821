/// LoopBackend: plain C++ loops, left to the compiler's vectoriser.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/weight.hpp"
#include "inlay/math/accurate.hpp"

namespace inlay::INLAY_ISA {

/// Backend of one-lane registers. See `Backend` for the operations.
///
/// @copydetails XsimdBackend
template <std::floating_point T, class Math = math::Accurate, StoredWeight<T> Weight = T>
struct LoopBackend {
  using scalar = T;
  using weight = Weight;
  using math_policy = Math;
  static constexpr const char* name = "loop";
  static constexpr std::size_t width = 1;
  static constexpr std::size_t lanes(std::size_t) { return 1; }

  template <std::size_t>
  using Register = T;

  template <std::size_t>
  static INLAY_INLINE T load(const T* p) noexcept {
    return *p;
  }
  template <std::size_t>
  static INLAY_INLINE T broadcast(T value) noexcept {
    return value;
  }
  static INLAY_INLINE void store(T* p, T x) noexcept { *p = x; }

  static INLAY_INLINE T fma(T a, T b, T c) noexcept {
    if constexpr (compiler::has_fma) return std::fma(a, b, c);
    else return a * b + c;
  }
  static INLAY_INLINE T min(T bound, T x) noexcept { return bound < x ? bound : x; }
  static INLAY_INLINE T max(T bound, T x) noexcept { return x < bound ? bound : x; }
  static INLAY_INLINE T if_less(T a, T b, T x, T y) noexcept { return a < b ? x : y; }
  /// Converts through a 32-bit integer, which every instruction set can do. NaN is replaced by 0 first, because
  /// converting it is undefined behaviour.
  static INLAY_INLINE T round(T x) noexcept {
    const T number = x == x ? x : T(0);
    return static_cast<T>(static_cast<std::int32_t>(number + (number < 0 ? T(-0.5) : T(0.5))));
  }
  /// Shifts n into the exponent bits.
  static INLAY_INLINE T pow2(T n) noexcept {
    using Int = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    return internal::bit_cast<T>(internal::bit_cast<Int>(n + math::pow2_magic<T>) << math::mantissa_bits<T>);
  }
};

}  // namespace inlay::INLAY_ISA

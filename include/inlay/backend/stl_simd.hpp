/// StlSimdBackend: std::experimental::simd (Parallelism TS 2), where the standard library has it.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <experimental/simd>
#include <type_traits>

#include "inlay/backend/lanes.hpp"
#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/weight.hpp"
#include "inlay/math/accurate.hpp"

namespace inlay::INLAY_ISA {

/// SIMD backend on std::experimental::simd. See `Backend` for the operations.
///
/// @copydetails XsimdBackend
template <std::floating_point T, class Math = math::Accurate, StoredWeight<T> Weight = T>
struct StlSimdBackend {
  using scalar = T;
  using weight = Weight;
  using math_policy = Math;
  static constexpr const char* name = "stl";
  static constexpr std::size_t width = std::experimental::native_simd<T>::size();
  static constexpr std::size_t lanes(std::size_t n) { return simd_lanes<T, width>(n); }

  template <std::size_t N>
  using Register = std::experimental::simd<T, std::experimental::simd_abi::deduce_t<T, N>>;

  template <std::size_t N>
  static INLAY_INLINE Register<N> load(const T* p) noexcept {
    return Register<N>(p, std::experimental::element_aligned);
  }
  template <std::size_t N>
  static INLAY_INLINE Register<N> broadcast(T value) noexcept {
    return Register<N>(value);
  }
  template <class A>
  using R = std::experimental::simd<T, A>;
  template <class A>
  static INLAY_INLINE void store(T* p, R<A> x) noexcept {
    x.copy_to(p, std::experimental::element_aligned);
  }

  /// std::experimental::fma is not used: libstdc++ computes it lane by lane.
  template <class A>
  static INLAY_INLINE R<A> fma(R<A> a, R<A> b, R<A> c) noexcept {
#if INLAY_HAS_NATIVE_VECTOR && !INLAY_FUSES_CALLS
    return compiler::multiply_add<T>(a, b, c);
#else
    return a * b + c;
#endif
  }
  template <class A>
  static INLAY_INLINE R<A> min(R<A> bound, R<A> x) noexcept {
    return if_less(bound, x, bound, x);
  }
  template <class A>
  static INLAY_INLINE R<A> max(R<A> bound, R<A> x) noexcept {
    return if_less(x, bound, bound, x);
  }
  /// std::experimental::where is not used: libstdc++ 12 miscompiles it with Clang and AVX-512.
  template <class A>
  static INLAY_INLINE R<A> if_less(R<A> a, R<A> b, R<A> x, R<A> y) noexcept {
#if INLAY_HAS_NATIVE_VECTOR
    using V = typename compiler::NativeVector<T, R<A>::size()>::type;
    const V chosen =
        internal::bit_cast<V>(a) < internal::bit_cast<V>(b) ? internal::bit_cast<V>(x) : internal::bit_cast<V>(y);
    return internal::bit_cast<R<A>>(chosen);
#else
    where(a < b, y) = x;
    return y;
#endif
  }
  /// Converts through 32-bit integers, which every instruction set can do.
  template <class A>
  static INLAY_INLINE R<A> round(R<A> x) noexcept {
    using Int = std::experimental::rebind_simd_t<std::int32_t, R<A>>;
    const R<A> half = if_less(x, R<A>(0), R<A>(T(-0.5)), R<A>(T(0.5)));
    return std::experimental::static_simd_cast<R<A>>(std::experimental::static_simd_cast<Int>(x + half));
  }
  /// Shifts n into the exponent bits.
  template <class A>
  static INLAY_INLINE R<A> pow2(R<A> n) noexcept {
    using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    using Int = std::experimental::rebind_simd_t<Bits, R<A>>;
    const auto bits = internal::bit_cast<Int>(n + R<A>(math::pow2_magic<T>));
    return internal::bit_cast<R<A>>(bits << math::mantissa_bits<T>);
  }
};

}  // namespace inlay::INLAY_ISA

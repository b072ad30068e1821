/// XsimdBackend: xsimd batches.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <xsimd/xsimd.hpp>

#include "inlay/backend/lanes.hpp"
#include "inlay/backend/loop.hpp"
#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/weight.hpp"
#include "inlay/math/accurate.hpp"

namespace inlay::INLAY_ISA {

namespace detail {
/// True if xsimd has registers of T. On 32-bit ARM it has none of double.
template <class T>
inline constexpr bool has_xsimd = !std::is_void_v<xsimd::make_sized_batch_t<T, 16 / sizeof(T)>>;
}  // namespace detail

/// SIMD backend on xsimd batches. See `Backend` for the operations.
///
/// @tparam T       float or double
/// @tparam Math    computes tanh, sigmoid, exp, ...: `math::Accurate`, `math::Fast`
/// @tparam Weight  storage type of the weights of products, a `StoredWeight`: T; if T is float also bfloat16,
///                 std::int16_t and std::int8_t
template <std::floating_point T, class Math = math::Accurate, StoredWeight<T> Weight = T>
struct XsimdBackend {
  using scalar = T;
  using weight = Weight;
  using math_policy = Math;
  static constexpr const char* name = "xsimd";
  static constexpr std::size_t width = xsimd::batch<T>::size;
  static constexpr std::size_t lanes(std::size_t n) { return simd_lanes<T, width>(n); }

  template <std::size_t N>
  using Register = xsimd::make_sized_batch_t<T, N>;

  /// p[0], ..., p[N - 1]; any alignment.
  template <std::size_t N>
  static INLAY_INLINE Register<N> load(const T* p) noexcept {
    return Register<N>::load_unaligned(p);
  }
  /// `value` in every lane.
  template <std::size_t N>
  static INLAY_INLINE Register<N> broadcast(T value) noexcept {
    return Register<N>(value);
  }
  template <class A>
  using R = xsimd::batch<T, A>;
  /// Writes all lanes to `p`; any alignment.
  template <class A>
  static INLAY_INLINE void store(T* p, R<A> x) noexcept {
    x.store_unaligned(p);
  }

  /// a b + c. On some instruction sets xsimd::fma is a multiplication and an addition, which Clang does not fuse.
  template <class A>
  static INLAY_INLINE R<A> fma(R<A> a, R<A> b, R<A> c) noexcept {
#if INLAY_HAS_NATIVE_VECTOR && !INLAY_FUSES_CALLS
    return compiler::multiply_add<T>(a, b, c);
#else
    return xsimd::fma(a, b, c);
#endif
  }
#if defined(__ARM_NEON) && INLAY_HAS_NATIVE_VECTOR
  /// a / b. xsimd's division is not correctly rounded on ARM.
  template <class A>
  static INLAY_INLINE R<A> divide(R<A> a, R<A> b) noexcept {
    using Native = typename compiler::NativeVector<T, R<A>::size>::type;
    return internal::bit_cast<R<A>>(Native(internal::bit_cast<Native>(a) / internal::bit_cast<Native>(b)));
  }
#endif
#if defined(__aarch64__)  // xsimd's square root of floats is not correctly rounded on ARM, and NaN for infinity
  template <class A>
  static INLAY_INLINE R<A> sqrt(R<A> x) noexcept {
    if constexpr (requires { vsqrtq_f32(x); }) return R<A>(vsqrtq_f32(x));
    else return xsimd::sqrt(x);
  }
#elif !defined(__ARM_NEON)  // 32-bit ARM has no instruction for it
  template <class A>
  static INLAY_INLINE R<A> sqrt(R<A> x) noexcept {
    return xsimd::sqrt(x);
  }
#endif
  /// Lane-wise minimum. The operand order matters: a NaN in `x` is returned.
  template <class A>
  static INLAY_INLINE R<A> min(R<A> bound, R<A> x) noexcept {
    return xsimd::min(bound, x);
  }
  /// Lane-wise maximum. A NaN in `x` is returned.
  template <class A>
  static INLAY_INLINE R<A> max(R<A> bound, R<A> x) noexcept {
    return xsimd::max(bound, x);
  }
  /// a < b ? x : y in each lane; y if a or b is NaN.
  template <class A>
  static INLAY_INLINE R<A> if_less(R<A> a, R<A> b, R<A> x, R<A> y) noexcept {
    return xsimd::select(a < b, x, y);
  }
  /// Nearest integer, ties to even.
  template <class A>
  static INLAY_INLINE R<A> round(R<A> x) noexcept {
    return xsimd::nearbyint(x);
  }
  /// 2^n for an integer n such that 2^n is a normal number. Shifts n into the exponent bits.
  template <class A>
  static INLAY_INLINE R<A> pow2(R<A> n) noexcept {
    using Int = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    // xsimd::bitwise_cast takes the type of a batch up to version 8, of a scalar after it.
    const auto bits = internal::bit_cast<xsimd::batch<Int, A>>(n + R<A>(math::pow2_magic<T>));
    return internal::bit_cast<R<A>>(bits << math::mantissa_bits<T>);
  }
};

/// `LoopBackend`: the processor has no registers of T.
template <std::floating_point T, class Math, StoredWeight<T> Weight>
  requires(!detail::has_xsimd<T>)
struct XsimdBackend<T, Math, Weight> : LoopBackend<T, Math, Weight> {};

}  // namespace inlay::INLAY_ISA

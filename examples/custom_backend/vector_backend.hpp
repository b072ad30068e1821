/// VectorBackend: a backend on the built-in vector types of GCC and Clang.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <inlay/engine.hpp>
#include <type_traits>

namespace vector_backend {

/// A register of `N` values of type T, with C++'s arithmetic operators.
template <class T, std::size_t N>
struct VectorOf {
  typedef T type __attribute__((vector_size(N * sizeof(T))));
};

/// Bytes of the widest register of the target.
#if defined(__AVX512F__)
inline constexpr std::size_t register_bytes = 64;
#elif defined(__AVX__)
inline constexpr std::size_t register_bytes = 32;
#else
inline constexpr std::size_t register_bytes = 16;  // SSE, NEON, and most others
#endif

}  // namespace vector_backend

/// Needs no package and supports every instruction set of the compiler.
template <std::floating_point T, class Math = inlay::math::Accurate>
struct VectorBackend {
  using scalar = T;
  using math_policy = Math;  // computes tanh, sigmoid and exp with the operations below
  static constexpr const char* name = "vector";

  /// Lanes of the widest register, and of the register to use for n values.
  static constexpr std::size_t width = vector_backend::register_bytes / sizeof(T);
  static constexpr std::size_t lanes(std::size_t n) { return inlay::simd_lanes<T, width>(n); }

  template <std::size_t N>
  using Register = typename vector_backend::VectorOf<T, N>::type;

  /// Loads from memory of any alignment. Compilers translate this memcpy to one instruction.
  template <std::size_t N>
  static INLAY_INLINE Register<N> load(const T* p) noexcept {
    Register<N> x;
    std::memcpy(&x, p, sizeof x);
    return x;
  }
  template <class R>
  static INLAY_INLINE void store(T* p, R x) noexcept {
    std::memcpy(p, &x, sizeof x);
  }
  /// Sets each lane to `value`. Subtracts zero, because adding zero would change -0 to 0.
  template <std::size_t N>
  static INLAY_INLINE Register<N> broadcast(T value) noexcept {
    return value - Register<N>{};
  }

  /// a b + c. In one expression, so that the compiler fuses it if the target has fused multiply-adds.
  template <class R>
  static INLAY_INLINE R fma(R a, R b, R c) noexcept {
    return a * b + c;
  }
  /// The order of the operands lets a NaN in `x` through.
  template <class R>
  static INLAY_INLINE R min(R bound, R x) noexcept {
    return bound < x ? bound : x;
  }
  template <class R>
  static INLAY_INLINE R max(R bound, R x) noexcept {
    return x < bound ? bound : x;
  }
  /// a < b ? x : y for each lane.
  template <class R>
  static INLAY_INLINE R if_less(R a, R b, R x, R y) noexcept {
    return a < b ? x : y;
  }

  /// Rounds to the nearest integer, for |x| < 2^31: adds half, away from zero, and truncates.
  template <class R>
  static INLAY_INLINE R round(R x) noexcept {
    using Int = typename vector_backend::VectorOf<std::int32_t, sizeof(R) / sizeof(T)>::type;
    const R half = if_less(x, R{}, R{} - T(0.5), R{} + T(0.5));
    return __builtin_convertvector(__builtin_convertvector(x + half, Int), R);
  }
  /// 2^n for an integer n: shifts n to the exponent bits.
  template <class R>
  static INLAY_INLINE R pow2(R n) noexcept {
    using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    using Int = typename vector_backend::VectorOf<Bits, sizeof(R) / sizeof(T)>::type;
    return std::bit_cast<R>(std::bit_cast<Int>(n + inlay::math::pow2_magic<T>) << inlay::math::mantissa_bits<T>);
  }
};

static_assert(inlay::Backend<VectorBackend<float>> && inlay::Backend<VectorBackend<double>>);

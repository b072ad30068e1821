/// VectorBackend: the vector types of GCC and Clang.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "inlay/backend/lanes.hpp"
#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/weight.hpp"
#include "inlay/math/accurate.hpp"

namespace inlay::INLAY_ISA {

/// SIMD backend on the vector types of GCC and Clang. It needs no library, and serves every instruction set whose
/// vectors the compiler knows, WebAssembly's and Helium included. See `Backend` for the operations.
///
/// @copydetails XsimdBackend
template <std::floating_point T, class Math = math::Accurate, StoredWeight<T> Weight = T>
  requires(compiler::vector_bytes<T> > sizeof(T))
struct VectorBackend {
  using scalar = T;
  using weight = Weight;
  using math_policy = Math;
  static constexpr const char* name = "vector";
  static constexpr std::size_t width = compiler::vector_bytes<T> / sizeof(T);
  static constexpr std::size_t lanes(std::size_t n) { return simd_lanes<T, width>(n); }

  template <std::size_t N>
  using Register = typename compiler::NativeVector<T, N>::type;

  template <std::size_t N>
  static INLAY_INLINE Register<N> load(const T* p) noexcept {
    Register<N> x;
    std::memcpy(&x, p, sizeof x);
    return x;
  }
  template <std::size_t N>
  static INLAY_INLINE Register<N> broadcast(T value) noexcept {
    return value - Register<N>{};  // value + 0 would change -0
  }
  template <class R>
  static INLAY_INLINE void store(T* p, R x) noexcept {
    std::memcpy(p, &x, sizeof x);
  }

  template <class R>
  static INLAY_INLINE R fma(R a, R b, R c) noexcept {
#if defined(__wasm_relaxed_simd__)  // compilers do not fuse, as results would depend on the processor
    if constexpr (sizeof(R) == 16 && sizeof(T) == 4) return __builtin_wasm_relaxed_madd_f32x4(a, b, c);
#endif
    return a * b + c;
  }
  template <class R>
  static INLAY_INLINE R min(R bound, R x) noexcept {
    return bound < x ? bound : x;
  }
  template <class R>
  static INLAY_INLINE R max(R bound, R x) noexcept {
    return x < bound ? bound : x;
  }
  template <class R>
  static INLAY_INLINE R if_less(R a, R b, R x, R y) noexcept {
    return a < b ? x : y;
  }
  /// Converts through 32-bit integers, which every instruction set can do.
  template <class R>
  static INLAY_INLINE R round(R x) noexcept {
    using Int = typename compiler::NativeVector<std::int32_t, sizeof(R) / sizeof(T)>::type;
    const R half = x < 0 ? R{} - T(0.5) : R{} + T(0.5);
    return __builtin_convertvector(__builtin_convertvector(x + half, Int), R);
  }
  /// Shifts n into the exponent bits.
  template <class R>
  static INLAY_INLINE R pow2(R n) noexcept {
    using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    using Int = typename compiler::NativeVector<Bits, sizeof(R) / sizeof(T)>::type;
    return internal::bit_cast<R>(internal::bit_cast<Int>(n + math::pow2_magic<T>) << math::mantissa_bits<T>);
  }
};

}  // namespace inlay::INLAY_ISA

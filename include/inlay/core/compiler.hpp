/// Macros and functions that depend on the compiler or the instruction set.
#pragma once

/// INLAY_HAS_RISCV_VECTORS: 1 if the target is RISC-V with vectors (V) and the compiler has instructions for them. GCC
/// 12 knows the extension, but generates nothing for it.
#if defined(__riscv_v_intrinsic) && __riscv_v_intrinsic >= 12000
#define INLAY_HAS_RISCV_VECTORS 1
#else
#define INLAY_HAS_RISCV_VECTORS 0
#endif

/// INLAY_ISA: inline namespace named after the instruction set that this file is compiled for,
/// `namespace inlay::INLAY_ISA { ... }`. Everything whose code depends on the instruction set is in it. Objects
/// compiled for different instruction sets can then be linked into one program: their symbols differ, so the linker
/// cannot pick code that the processor lacks.
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define INLAY_ISA_NAME avx512
#elif defined(__AVX512F__)
#define INLAY_ISA_NAME avx512f
#elif defined(__AVX2__) && (defined(__FMA__) || defined(_MSC_VER))
#define INLAY_ISA_NAME avx2
#elif defined(__AVX2__)
#define INLAY_ISA_NAME avx2_without_fma
#elif defined(__AVX__)
#define INLAY_ISA_NAME avx
#elif defined(__SSE4_1__)
#define INLAY_ISA_NAME sse4
#elif defined(__SSE2__) || defined(_M_X64)
#define INLAY_ISA_NAME sse2
#elif defined(__ARM_FEATURE_SVE)
#define INLAY_ISA_NAME sve
#elif defined(__ARM_NEON) || defined(_M_ARM64)
#define INLAY_ISA_NAME neon
#elif defined(__wasm_relaxed_simd__)
#define INLAY_ISA_NAME wasm_relaxed_simd
#elif defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)
#define INLAY_ISA_NAME helium
#elif defined(__wasm_simd128__)
#define INLAY_ISA_NAME wasm_simd
#elif INLAY_HAS_RISCV_VECTORS
#define INLAY_ISA_NAME riscv_v
#else
#define INLAY_ISA_NAME scalar_isa
#endif

/// INLAY_TILE_FRAMES: the user's choice of the length of a tile, see core/tile_frames.hpp. It is part of the
/// namespace's name, so that objects compiled with different lengths cannot be mixed up.
#ifdef INLAY_TILE_FRAMES
#define INLAY_ISA_AND_TILE_(isa, frames) isa##_tile_##frames
#define INLAY_ISA_WITH_TILE_(isa, frames) INLAY_ISA_AND_TILE_(isa, frames)
#define INLAY_ISA inline INLAY_ISA_WITH_TILE_(INLAY_ISA_NAME, INLAY_TILE_FRAMES)
#else
#define INLAY_ISA inline INLAY_ISA_NAME
#endif

/// INLAY_MICROCONTROLLER: 1 for Arm's microcontrollers (Cortex-M), where memory is scarce and has no cache lines to
/// keep apart.
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#define INLAY_MICROCONTROLLER 1
#else
#define INLAY_MICROCONTROLLER 0
#endif

/// INLAY_INLINE: always inlined. Kernels consist of one-line functions on registers; a call would spill accumulators.
/// INLAY_INLINE_LAMBDA: the same for a lambda, written between its parameters and its body. With a sanitizer of GCC
/// both are a hint only: GCC would take minutes and gigabytes for the checks of functions that large.
///
/// INLAY_NOINLINE: neither inlined nor cloned for constant arguments, so that large functions are compiled once.
///
/// INLAY_COLD: runs only while a model is loaded. Optimised for size, which also compiles faster.
///
/// INLAY_NO_ADDRESS: a member that takes no memory if its type is empty.
///
/// INLAY_ROLLED: placed before a loop that must not be unrolled. Without FMA, GCC would unroll short loops, load all
/// factors first and run out of registers.
///
/// INLAY_RESTRICT: the object behind this pointer is accessed through no other pointer.
#if defined(_MSC_VER) && !defined(__clang__)
#define INLAY_INLINE __forceinline
#define INLAY_NOINLINE __declspec(noinline)
#define INLAY_COLD
#define INLAY_INLINE_LAMBDA
#define INLAY_RESTRICT __restrict
#elif defined(__GNUC__) || defined(__clang__)
#if !defined(__clang__) && (defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__))
#define INLAY_INLINE inline
#define INLAY_INLINE_LAMBDA
#else
#define INLAY_INLINE __attribute__((always_inline)) inline
#define INLAY_INLINE_LAMBDA __attribute__((always_inline))
#endif
#if defined(__clang__)
#define INLAY_NOINLINE __attribute__((noinline))
#else
#define INLAY_NOINLINE __attribute__((noinline, noclone))
#endif
#define INLAY_COLD __attribute__((cold))
#define INLAY_RESTRICT __restrict__
#else
#define INLAY_INLINE inline
#define INLAY_NOINLINE
#define INLAY_COLD
#define INLAY_INLINE_LAMBDA
#define INLAY_RESTRICT
#endif

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__AVX512F__) || \
    (defined(_MSC_VER) && defined(__AVX2__)) || defined(__riscv_flen)
#define INLAY_HAS_FMA 1
#else
#define INLAY_HAS_FMA 0
#endif

#if defined(__GNUC__) && !defined(__clang__) && !INLAY_HAS_FMA
#define INLAY_ROLLED _Pragma("GCC unroll 1")
#else
#define INLAY_ROLLED
#endif

#if defined(_MSC_VER)
#define INLAY_NO_ADDRESS [[msvc::no_unique_address]]
#else
#define INLAY_NO_ADDRESS [[no_unique_address]]
#endif

#include <cstddef>

#include "inlay/core/bit_cast.hpp"

namespace inlay::INLAY_ISA::compiler {

/// True if the target has a fused multiply-add instruction. Without it std::fma is a slow function call, and kernels
/// multiply and add instead.
inline constexpr bool has_fma = INLAY_HAS_FMA;

/// Vector type of GCC and Clang with `Lanes` values.
#if defined(__GNUC__) || defined(__clang__)
template <class T, std::size_t Lanes>
struct NativeVector {
  using type __attribute__((vector_size(Lanes * sizeof(T)))) = T;
};
#define INLAY_HAS_NATIVE_VECTOR 1
/// `Size` values, held in registers while they are copied.
template <class T, std::size_t Size>
using Values = typename NativeVector<T, Size>::type;

/// 1 if the compiler fuses a product and a sum that come from two inlined functions or intrinsics (GCC).
#if defined(__clang__)
#define INLAY_FUSES_CALLS 0
#else
#define INLAY_FUSES_CALLS 1
#endif

/// a b + c as one expression on the compiler's vectors, which every compiler fuses if the target can. Slower to compile
/// than the backend's own operation.
template <class T, class R>
INLAY_INLINE R multiply_add(R a, R b, R c) noexcept {
  using V = typename NativeVector<T, sizeof(R) / sizeof(T)>::type;
  return internal::bit_cast<R>(internal::bit_cast<V>(a) * internal::bit_cast<V>(b) + internal::bit_cast<V>(c));
}

#else
#define INLAY_HAS_NATIVE_VECTOR 0
template <class T, std::size_t Size>
using Values = T[Size];
#endif

/// Optimisation barrier: returns `x`, and hides from the compiler how it was computed. Keeps GCC from fusing either
/// product of a*b + c*d differently in each inlined copy, and from loading a value again for each use when registers
/// are scarce.
template <class R>
INLAY_INLINE R opaque(R x) noexcept {
#if defined(__GNUC__) && !defined(__clang__) && (defined(__x86_64__) || defined(__aarch64__))
  if constexpr (sizeof(R) >= 16) {
    auto bits = internal::bit_cast<typename NativeVector<float, sizeof(R) / sizeof(float)>::type>(x);
#if defined(__x86_64__)
    asm("" : "+v"(bits));
#else
    asm("" : "+w"(bits));
#endif
    return internal::bit_cast<R>(bits);
  }
#endif
  return x;
}

/// Size in bytes of the target's widest vector of T, for which the compiler has instructions. 0 if it has none.
template <class T>
#if defined(__AVX512F__)
inline constexpr std::size_t vector_bytes = 64;
#elif defined(__AVX__)
inline constexpr std::size_t vector_bytes = 32;
#elif defined(__SSE2__) || defined(__aarch64__) || defined(__wasm_simd128__)
inline constexpr std::size_t vector_bytes = 16;
#elif defined(__ARM_NEON) || (defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2))
inline constexpr std::size_t vector_bytes = sizeof(T) == 4 ? 16 : 0;
#elif INLAY_HAS_RISCV_VECTORS  // registers have at least so many bits; -march=rv64gcv_zvl256b says more
inline constexpr std::size_t vector_bytes = __riscv_v_min_vlen / 8;
#else
inline constexpr std::size_t vector_bytes = 0;
#endif

/// True if one-lane kernels are loops for the compiler's vectoriser. On a microcontroller they keep their sums in
/// scalar registers, with Helium, too, for which GCC 12 needs more instructions.
inline constexpr bool has_vectors = !INLAY_MICROCONTROLLER;

/// True if std::fmax of two floats is one instruction on a microcontroller: not on a Cortex-M4F. A Cortex-M7 is known
/// by its double precision.
#if INLAY_MICROCONTROLLER && defined(__ARM_FP) && (__ARM_ARCH >= 8 || (__ARM_FP & 8))
inline constexpr bool has_fmax = true;
#else
inline constexpr bool has_fmax = false;
#endif

/// Number of SIMD registers of the target.
#if defined(__AVX512F__) || defined(__aarch64__) || defined(_M_ARM64)
inline constexpr std::size_t simd_registers = 32;
#elif INLAY_MICROCONTROLLER
inline constexpr std::size_t simd_registers = 8;
#else
inline constexpr std::size_t simd_registers = 16;
#endif

/// What a kernel may do on 64-bit ARM. There a multiply-add takes its factor from a lane of a register, without a
/// broadcast, two adjacent registers are loaded by one instruction, and registers of 16 bytes make loops short.
///
/// - `multiplies_by_lane`: load four factors at once.
/// - `unrolled_columns`: number of columns that a product of one frame adds in a round of its loop.
#if defined(__aarch64__) && INLAY_HAS_NATIVE_VECTOR
inline constexpr bool multiplies_by_lane = true;
inline constexpr std::size_t unrolled_columns = 4;
#else
inline constexpr bool multiplies_by_lane = false;
inline constexpr std::size_t unrolled_columns = 1;
#endif

/// Keeps the compiler from moving loads across this place.
INLAY_INLINE void finish_loads() noexcept {
#if defined(__GNUC__) && !defined(__clang__)
  asm volatile("" : : : "memory");
#endif
}

#if INLAY_HAS_NATIVE_VECTOR
/// Loads `Size` values into one register. Any alignment. The compiler would split four floats that are used one by one.
template <class T, std::size_t Size>
INLAY_INLINE Values<T, Size> load_once(const T* p) noexcept {
  Values<T, Size> values;
  __builtin_memcpy(&values, p, sizeof values);
  return opaque(values);
}
#endif

}  // namespace inlay::INLAY_ISA::compiler

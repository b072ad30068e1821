/// Everything that differs between compilers and instruction sets, and nothing else.
#pragma once

/// INLAY_ISA: the inline namespace of everything whose code depends on the instruction set that this file is compiled
/// for, `namespace inlay::INLAY_ISA { ... }`. Objects of one program that are compiled for different instruction sets
/// then have different symbols, and the linker cannot take the wider code for a processor that lacks it.
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
#elif defined(__wasm_simd128__)
#define INLAY_ISA_NAME wasm_simd
#else
#define INLAY_ISA_NAME scalar_isa
#endif
#define INLAY_ISA inline INLAY_ISA_NAME

/// INLAY_INLINE: inline even where a compiler's cost model says no. Kernels are built from
/// one-line functions on registers; a call left standing would spill every accumulator.
/// INLAY_INLINE_LAMBDA: the same, written between a lambda's parameters and its body.
/// INLAY_NOINLINE: never inlined, nor copied for the constants of a caller, so that large functions are compiled once.
/// INLAY_COLD: a function that runs while a model is loaded: small code that compiles fast.
/// INLAY_NO_ADDRESS: a member that has no memory of its own if it is empty.
/// INLAY_ROLLED: in front of a loop that stays one. Without fused multiply-adds GCC would unroll a short one, load all
/// of its factors first, and run out of registers.
/// INLAY_RESTRICT: the object behind this pointer is reached through no other pointer.
#if defined(_MSC_VER) && !defined(__clang__)
#define INLAY_INLINE __forceinline
#define INLAY_NOINLINE __declspec(noinline)
#define INLAY_COLD
#define INLAY_INLINE_LAMBDA
#define INLAY_RESTRICT __restrict
#elif defined(__GNUC__) || defined(__clang__)
#define INLAY_INLINE __attribute__((always_inline)) inline
#if defined(__clang__)
#define INLAY_NOINLINE __attribute__((noinline))
#else
#define INLAY_NOINLINE __attribute__((noinline, noclone))
#endif
#define INLAY_COLD __attribute__((cold))
#define INLAY_INLINE_LAMBDA __attribute__((always_inline))
#define INLAY_RESTRICT __restrict__
#else
#define INLAY_INLINE inline
#define INLAY_NOINLINE
#define INLAY_COLD
#define INLAY_INLINE_LAMBDA
#define INLAY_RESTRICT
#endif

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__AVX512F__) || (defined(_MSC_VER) && defined(__AVX2__))
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

#include <bit>
#include <cstddef>

namespace inlay::INLAY_ISA::compiler {

/// Whether the target multiplies and adds in one instruction. Where it does not, std::fma is a slow
/// function call, and kernels multiply and add in two steps instead.
inline constexpr bool has_fma = INLAY_HAS_FMA;

/// The compiler's own vector of `Lanes` values, where it has such a thing.
#if defined(__GNUC__) || defined(__clang__)
template <class T, std::size_t Lanes>
struct NativeVector {
  using type __attribute__((vector_size(Lanes * sizeof(T)))) = T;
};
#define INLAY_HAS_NATIVE_VECTOR 1
/// Values on their way from one place to others, in registers.
template <class T, std::size_t Size>
using Run = typename NativeVector<T, Size>::type;

/// Whether a product and a sum become one instruction, where there is one, also if they come from two functions.
#if defined(__clang__)
#define INLAY_FUSES_CALLS 0
#else
#define INLAY_FUSES_CALLS 1
#endif

/// a b + c of registers of Ts, in one expression on the compiler's own vectors: what becomes one instruction always. It
/// takes longer to compile.
template <class T, class R>
INLAY_INLINE R multiply_add(R a, R b, R c) noexcept {
  using V = typename NativeVector<T, sizeof(R) / sizeof(T)>::type;
  return std::bit_cast<R>(std::bit_cast<V>(a) * std::bit_cast<V>(b) + std::bit_cast<V>(c));
}

#else
#define INLAY_HAS_NATIVE_VECTOR 0
template <class T, std::size_t Size>
using Run = T[Size];
#endif

/// Optimisation barrier: returns `x`, and hides from the compiler how it was computed. It keeps GCC from fusing either
/// product of a*b + c*d, not the same one in each inlined copy, and from loading a value again for each of its uses
/// where registers are short.
template <class R>
INLAY_INLINE R opaque(R x) noexcept {
#if defined(__GNUC__) && !defined(__clang__) && (defined(__x86_64__) || defined(__aarch64__))
  if constexpr (sizeof(R) >= 16) {
    auto bits = std::bit_cast<typename NativeVector<float, sizeof(R) / sizeof(float)>::type>(x);
#if defined(__x86_64__)
    asm("" : "+v"(bits));
#else
    asm("" : "+w"(bits));
#endif
    return std::bit_cast<R>(bits);
  }
#endif
  return x;
}

/// Number of SIMD registers that a kernel may plan with.
#if defined(__AVX512F__) || defined(__aarch64__) || defined(_M_ARM64)
inline constexpr std::size_t simd_registers = 32;
#else
inline constexpr std::size_t simd_registers = 16;
#endif

}  // namespace inlay::INLAY_ISA::compiler

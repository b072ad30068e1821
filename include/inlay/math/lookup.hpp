/// A table of sixteen numbers that is read for all lanes in one instruction, where the target has one.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "inlay/core/compiler.hpp"

#if defined(__AVX512VL__) && INLAY_HAS_NATIVE_VECTOR
#include <immintrin.h>
#endif

namespace inlay::INLAY_ISA::math {

/// Whether `lookup` is there for a register of type R with lanes of type T.
template <class T, class R>
inline constexpr bool has_lookup =
#if defined(__AVX512VL__) && INLAY_HAS_NATIVE_VECTOR
    sizeof(T) == 4 && (sizeof(R) == 16 || sizeof(R) == 32 || sizeof(R) == 64);
#else
    false;
#endif

#if defined(__AVX512VL__) && INLAY_HAS_NATIVE_VECTOR

/// For each lane the number in `table` that the lowest four bits of the lane of `index` say. Clang has no dynamic
/// shuffle of its own vectors, hence intrinsics.
template <class R, class Index>
INLAY_INLINE R lookup(const float (&table)[16], Index index) noexcept {
  if constexpr (sizeof(R) == 64) {
    // With a mask of all lanes, since GCC takes its own unmasked intrinsic for one of something uninitialised.
    const __m512 all = _mm512_loadu_ps(table);
    return std::bit_cast<R>(_mm512_maskz_permutexvar_ps(__mmask16(-1), std::bit_cast<__m512i>(index), all));
  } else if constexpr (sizeof(R) == 32) {
    const __m256 low = _mm256_loadu_ps(table), high = _mm256_loadu_ps(table + 8);
    return std::bit_cast<R>(_mm256_permutex2var_ps(low, std::bit_cast<__m256i>(index), high));
  } else {
    const __m256 low = _mm256_loadu_ps(table), high = _mm256_loadu_ps(table + 8);
    const __m256i wide = _mm256_castsi128_si256(std::bit_cast<__m128i>(index));
    return std::bit_cast<R>(_mm256_castps256_ps128(_mm256_permutex2var_ps(low, wide, high)));
  }
}

#endif

}  // namespace inlay::INLAY_ISA::math

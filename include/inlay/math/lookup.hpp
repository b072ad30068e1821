/// Register-wide lookup in a table of sixteen floats, one instruction where the target has it (AVX-512VL).
#pragma once

#include <cstddef>
#include <cstdint>

#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"

#if defined(__AVX512VL__) && INLAY_HAS_NATIVE_VECTOR
#include <immintrin.h>
#endif

namespace inlay::INLAY_ISA::math {

/// True if `lookup` is available for a register of type R with lanes of type T.
template <class T, class R>
inline constexpr bool has_lookup =
#if defined(__AVX512VL__) && INLAY_HAS_NATIVE_VECTOR
    sizeof(T) == 4 && (sizeof(R) == 16 || sizeof(R) == 32 || sizeof(R) == 64);
#else
    false;
#endif

#if defined(__AVX512VL__) && INLAY_HAS_NATIVE_VECTOR

/// Returns table[index & 15] for each lane. Uses intrinsics, because Clang has no variable shuffle for its vector
/// types.
template <class R, class Index>
INLAY_INLINE R lookup(const float (&table)[16], Index index) noexcept {
  if constexpr (sizeof(R) == 64) {
    // The masked intrinsic, because GCC warns that its unmasked one uses an uninitialised value.
    const __m512 all = _mm512_loadu_ps(table);
    return internal::bit_cast<R>(_mm512_maskz_permutexvar_ps(__mmask16(-1), internal::bit_cast<__m512i>(index), all));
  } else if constexpr (sizeof(R) == 32) {
    const __m256 low = _mm256_loadu_ps(table), high = _mm256_loadu_ps(table + 8);
    return internal::bit_cast<R>(_mm256_permutex2var_ps(low, internal::bit_cast<__m256i>(index), high));
  } else {
    const __m256 low = _mm256_loadu_ps(table), high = _mm256_loadu_ps(table + 8);
    const __m256i wide = _mm256_castsi128_si256(internal::bit_cast<__m128i>(index));
    return internal::bit_cast<R>(_mm256_castps256_ps128(_mm256_permutex2var_ps(low, wide, high)));
  }
}

#endif

}  // namespace inlay::INLAY_ISA::math

/// load_integers: loads a register of integer weights as floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/weight.hpp"

#if defined(__SSE4_1__)
#include <immintrin.h>
#endif

namespace inlay::INLAY_ISA::detail {

#if INLAY_HAS_NATIVE_VECTOR

template <class T, std::size_t N>
using NativeOf = typename compiler::NativeVector<T, N>::type;

/// Loads N integers into words of 32 bits. GCC has no good code for __builtin_convertvector.
template <std::size_t N, IntegerWeight Weight>
INLAY_INLINE NativeOf<std::int32_t, N> load_words(const Weight* p) noexcept {
  using Words = NativeOf<std::int32_t, N>;
  constexpr bool bytes = sizeof(Weight) == 1;
#if defined(__AVX512F__)
  if constexpr (N == 16) {
    if constexpr (bytes) {
      return internal::bit_cast<Words>(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
    } else {
      __m256i values;
      std::memcpy(&values, p, sizeof values);
      return internal::bit_cast<Words>(_mm512_cvtepi16_epi32(values));
    }
  } else
#endif
#if defined(__AVX2__)
      if constexpr (N == 8) {
    if constexpr (bytes) {
      return internal::bit_cast<Words>(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
    } else {
      return internal::bit_cast<Words>(_mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
    }
  } else
#endif
      if constexpr (N > 4) {
    struct {
      NativeOf<std::int32_t, N / 2> first, second;
    } halves{load_words<N / 2>(p), load_words<N / 2>(p + N / 2)};
    return internal::bit_cast<Words>(halves);
  } else if constexpr (N == 4) {
    // Each value is repeated until it fills its word; the shift leaves the topmost one.
    using Half = NativeOf<std::int16_t, 8>;
    Half pairs;
    if constexpr (bytes) {
      std::int32_t four;
      std::memcpy(&four, p, sizeof four);
      const NativeOf<std::int32_t, 4> words = {four};
#if defined(__SSE4_1__)
      return internal::bit_cast<Words>(_mm_cvtepi8_epi32(internal::bit_cast<__m128i>(words)));
#else
      const auto b = internal::bit_cast<NativeOf<std::int8_t, 16>>(words);
      pairs = internal::bit_cast<Half>(
          __builtin_shufflevector(b, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
#endif
    } else {
      std::int64_t four;
      std::memcpy(&four, p, sizeof four);
      const NativeOf<std::int64_t, 2> words = {four};
#if defined(__SSE4_1__)
      return internal::bit_cast<Words>(_mm_cvtepi16_epi32(internal::bit_cast<__m128i>(words)));
#else
      pairs = internal::bit_cast<Half>(words);
#endif
    }
    const auto filled = __builtin_shufflevector(pairs, pairs, 0, 8, 1, 9, 2, 10, 3, 11);
    return internal::bit_cast<Words>(filled) >> 8 * (4 - sizeof(Weight));
  } else {
    Words words;
    for (std::size_t i = 0; i < N; ++i) words[i] = p[i];
    return words;
  }
}

/// Loads N integers as floats.
template <std::size_t N, IntegerWeight Weight>
INLAY_INLINE NativeOf<float, N> load_integers(const Weight* p) noexcept {
  return __builtin_convertvector(load_words<N>(p), NativeOf<float, N>);
}

#else

template <std::size_t N, IntegerWeight Weight>
INLAY_INLINE auto load_integers(const Weight* p) noexcept {
  struct {
    float each[N];
  } floats;
  for (std::size_t i = 0; i < N; ++i) floats.each[i] = static_cast<float>(p[i]);
  return floats;
}

#endif

}  // namespace inlay::INLAY_ISA::detail

/// transpose_rows, transpose_frames: rows of a tile as frames, and back.
#pragma once

#include <cstddef>
#include <cstring>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/repeat.hpp"
#include "inlay/core/tile_frames.hpp"

/// INLAY_SHUFFLES: 1 if registers are transposed by shuffles, 0 if value by value.
#if INLAY_HAS_NATIVE_VECTOR && defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define INLAY_SHUFFLES 1
#endif
#endif
#ifndef INLAY_SHUFFLES
#define INLAY_SHUFFLES 0
#endif

namespace inlay::INLAY_ISA {

namespace detail {

#if INLAY_SHUFFLES
/// N registers of N lanes, transposed: first within units of 16 bytes by interleaving registers, then these units are
/// exchanged between registers. Every shuffle is one instruction with AVX.
template <class T, std::size_t N>
struct Square {
  static constexpr std::size_t unit = 16 / sizeof(T);
  using R = typename compiler::NativeVector<T, N>::type;
  R r[N];

  INLAY_INLINE void transpose() noexcept {
    for (std::size_t first = 0; first < N; first += unit) transpose_units(r + first);
    exchange<unit>();
  }

 private:
  template <std::size_t... I>
  static INLAY_INLINE R interleave(R a, R b, std::size_t half, std::index_sequence<I...>) noexcept {
    return half == 0 ? __builtin_shufflevector(a, b, (I % 2 * N + I / unit * unit + I % unit / 2)...)
                     : __builtin_shufflevector(a, b, (I % 2 * N + I / unit * unit + (I % unit + unit) / 2)...);
  }
  static INLAY_INLINE void transpose_units(R* x) noexcept {
    for (std::size_t stage = 1; stage < unit; stage *= 2) {
      R y[unit];
      repeat<unit>([&](std::size_t i) INLAY_INLINE_LAMBDA {
        y[i] = interleave(x[i / 2], x[i / 2 + unit / 2], i % 2, std::make_index_sequence<N>{});
      });
      repeat<unit>([&](std::size_t i) INLAY_INLINE_LAMBDA { x[i] = y[i]; });
    }
  }
  template <std::size_t Distance, std::size_t... I>
  static INLAY_INLINE R lower(R a, R b, std::index_sequence<I...>) noexcept {
    return __builtin_shufflevector(a, b, (I & Distance ? N + I - Distance : I)...);
  }
  template <std::size_t Distance, std::size_t... I>
  static INLAY_INLINE R upper(R a, R b, std::index_sequence<I...>) noexcept {
    return __builtin_shufflevector(a, b, (I & Distance ? N + I : I + Distance)...);
  }
  template <std::size_t Distance>
  INLAY_INLINE void exchange() noexcept {
    if constexpr (Distance < N) {
      repeat<N>([&](std::size_t i) INLAY_INLINE_LAMBDA {
        if (i & Distance) return;
        const R a = r[i], b = r[i + Distance];
        r[i] = lower<Distance>(a, b, std::make_index_sequence<N>{});
        r[i + Distance] = upper<Distance>(a, b, std::make_index_sequence<N>{});
      });
      exchange<2 * Distance>();
    }
  }
};
#endif

/// to[j][i] = from[i][j] for N x N values; rows are `from_stride` and `to_stride` values apart. The first `rows` rows
/// are read, the others are zeros; the first `kept` rows are written.
template <std::size_t N, class T>
INLAY_INLINE void transpose_square(const T* from, std::size_t from_stride, std::size_t rows, T* to,
                                   std::size_t to_stride, std::size_t kept) noexcept {
#if INLAY_SHUFFLES
  if constexpr (N * sizeof(T) >= 16 && N * sizeof(T) <= compiler::vector_bytes<T>) {
    Square<T, N> square;
    repeat<N>([&](std::size_t i) INLAY_INLINE_LAMBDA {
      if (i < rows) std::memcpy(&square.r[i], from + i * from_stride, sizeof square.r[i]);
      else square.r[i] = typename detail::Square<T, N>::R{};
    });
    square.transpose();
    repeat<N>([&](std::size_t i) INLAY_INLINE_LAMBDA {
      if (i < kept) std::memcpy(to + i * to_stride, &square.r[i], sizeof square.r[i]);
    });
    return;
  }
#endif
  for (std::size_t j = 0; j < kept; ++j)
    for (std::size_t i = 0; i < N; ++i) to[j * to_stride + i] = i < rows ? from[i * from_stride + j] : T(0);
}

}  // namespace detail

/// frame[t][c] = row(c)[t] for `rows` rows of a tile, zeros up to N. A frame has N values. The number of frames is
/// rounded up to a multiple of N.
template <std::size_t N, class T>
INLAY_NOINLINE void transpose_rows(const T* row, std::size_t rows, std::size_t frames, T* frame) noexcept {
  const auto transpose = [&](std::size_t some) INLAY_INLINE_LAMBDA {
    for (std::size_t t = 0; t < frames; t += N)
      detail::transpose_square<N>(row + t, tile_frames, some, frame + t * N, N, N);
  };
  rows == N ? transpose(N) : transpose(rows);  // N rows without a branch for each
}

/// row(c)[t] = frame[t][c] for `rows` rows of a tile, at most N. Frames are `stride` values apart. The number of frames
/// is rounded up to a multiple of N.
template <std::size_t N, class T>
INLAY_NOINLINE void transpose_frames(const T* frame, std::size_t stride, std::size_t frames, T* row,
                                     std::size_t rows) noexcept {
  const auto transpose = [&](std::size_t some) INLAY_INLINE_LAMBDA {
    for (std::size_t t = 0; t < frames; t += N)
      detail::transpose_square<N>(frame + t * stride, stride, N, row + t, tile_frames, some);
  };
  rows == N ? transpose(N) : transpose(rows);
}

}  // namespace inlay::INLAY_ISA

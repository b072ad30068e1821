/// Block: a tile of planar audio, and copies of frames and rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/load_run.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/repeat.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA {

/// Copies values between buffers that do not overlap. std::copy_n must allow for overlap, and therefore becomes a call
/// of memmove even for a few values.
template <class T>
INLAY_INLINE void copy(const T* from, std::size_t count, T* to) noexcept {
  std::memcpy(to, from, count * sizeof(T));
}

/// Copies a frame to two destinations. A frame of dynamic size is copied in pieces of half a cache line, for which its
/// memory is padded. GCC would call memcpy, whose stores cannot be forwarded to register-wide loads.
template <class T, std::size_t N>
INLAY_INLINE void copy_frame_twice(const T* from, Extent<N> channels, T* first, T* second) noexcept {
  if constexpr (N != dynamic) {
    copy(from, N, first);
    copy(from, N, second);
  } else {
    constexpr std::size_t piece = alignment / 2 / sizeof(T);
    for (std::size_t i = 0; i < channels; i += piece) {
      compiler::Values<T, piece> values;
      std::memcpy(&values, from + i, sizeof values);
      std::memcpy(first + i, &values, sizeof values);
      std::memcpy(second + i, &values, sizeof values);
    }
  }
}

namespace detail {
/// Copies N values, a power of two, in whole registers if there are so many: GCC's memcpy would use 16 bytes of them.
template <std::size_t N, class T>
INLAY_INLINE void copy_piece(const T* from, T* to) noexcept {
  constexpr std::size_t lanes = compiler::vector_bytes<T> / sizeof(T);
  if constexpr (lanes > 1 && N >= lanes) {
    repeat<N / lanes>([&](std::size_t i) INLAY_INLINE_LAMBDA {
      compiler::Values<T, lanes> values;
      std::memcpy(&values, from + i * lanes, sizeof values);
      std::memcpy(to + i * lanes, &values, sizeof values);
    });
  } else {
    copy(from, N, to);
  }
}
/// Copies less than 2 `Piece` values in pieces of decreasing powers of two.
template <std::size_t Piece, class T>
INLAY_INLINE void copy_rest(const T* from, std::size_t count, T* to) noexcept {
  const std::size_t now = count & Piece;
  if (now) copy_piece<Piece>(from, to);
  if constexpr (Piece > 1) copy_rest<Piece / 2>(from + now, count - now, to + now);
}
/// Copies a row in runs of eight. `to` may be the same memory at a lower address.
template <class T>
INLAY_NOINLINE void copy_row_in_runs(const T* from, std::size_t count, T* to) noexcept {
  for (; count >= 8; count -= 8) copy_run(from, to);
  for (; count > 0; --count) *to++ = *from++;
}
}  // namespace detail

/// Copies a row, or part of one, of a length known at run time. Copies in pieces of a cache line. GCC, which knows that
/// rows are short, would copy eight bytes at a time.
template <class T>
INLAY_INLINE void copy_row(const T* from, std::size_t count, T* to) noexcept {
  if constexpr (longest_run<T> > 0) return detail::copy_row_in_runs(from, count, to);
  constexpr std::size_t piece = alignment / sizeof(T);
  const std::size_t whole = count / piece * piece;
  for (std::size_t i = 0; i < whole; i += piece) detail::copy_piece<piece>(from + i, to + i);
  if (whole < count) detail::copy_rest<piece / 2>(from + whole, count - whole, to + whole);
}

/// Moves the part of a row that starts at `from` to the row's start. Both may overlap.
template <class T>
INLAY_INLINE void move_row(T* row, std::size_t from, std::size_t count) noexcept {
  if constexpr (longest_run<T> > 0) detail::copy_row_in_runs(static_cast<const T*>(row + from), count, row);
  else std::copy_n(row + from, count, row);
}

/// Copies a static or dynamic number of values.
template <class T, std::size_t N, class Of>
INLAY_INLINE void copy(const T* from, Extent<N, Of> count, T* to) noexcept {
  if constexpr (N == dynamic) copy_row(from, count, to);
  else copy(from, std::size_t{N}, to);
}

/// View of a [channel][frame] tile. Row c is channel c. Rows are aligned to `alignment` bytes and hold `tile_frames`
/// values, of which the first `frames` of a call are valid. Kernels may read and write the rest of a row, and so always
/// use whole registers.
template <class T>
class Block {
 public:
  explicit constexpr Block(T* data) noexcept : data_(data) {}
  constexpr T* row(std::size_t channel) const noexcept { return data_ + channel * tile_frames; }
  constexpr operator Block<const T>() const noexcept { return Block<const T>(data_); }

 private:
  T* data_;
};

}  // namespace inlay::INLAY_ISA

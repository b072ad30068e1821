/// A tile of planar audio: row c holds channel c, `tile_frames` values apart.
#pragma once

#include <cstddef>
#include <cstring>

#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"

namespace inlay::INLAY_ISA {

/// Copies values between buffers that do not overlap. Not std::copy_n: that has to allow for overlap, and
/// so becomes a function call however few values there are.
template <class T>
INLAY_INLINE void copy(const T* from, std::size_t count, T* to) noexcept {
  std::memcpy(to, from, count * sizeof(T));
}

/// Copies a frame to two places; one of a dynamic size, whose memory has room for whole cache lines, in halves of
/// these, or else GCC calls a function that stores what no load of a register can be forwarded from.
template <class T, std::size_t N>
INLAY_INLINE void copy_frame_twice(const T* from, Extent<N> channels, T* first, T* second) noexcept {
  if constexpr (N != dynamic) {
    copy(from, N, first);
    copy(from, N, second);
  } else {
    constexpr std::size_t piece = alignment / 2 / sizeof(T);
    for (std::size_t i = 0; i < channels; i += piece) {
      compiler::Run<T, piece> run;
      std::memcpy(&run, from + i, sizeof run);
      std::memcpy(first + i, &run, sizeof run);
      std::memcpy(second + i, &run, sizeof run);
    }
  }
}

namespace detail {
/// Copies less than 2 `Piece` values, in as few pieces as there can be.
template <std::size_t Piece, class T>
INLAY_INLINE void copy_rest(const T* from, std::size_t count, T* to) noexcept {
  const std::size_t now = count & Piece;
  if (now) copy(from, Piece, to);
  if constexpr (Piece > 1) copy_rest<Piece / 2>(from + now, count - now, to + now);
}
}  // namespace detail

/// Copies a row, or a part of one, whose length is known only when it runs. In pieces of a cache line: GCC, which knows
/// that a row is short, would copy eight bytes at a time.
template <class T>
INLAY_INLINE void copy_row(const T* from, std::size_t count, T* to) noexcept {
  constexpr std::size_t piece = alignment / sizeof(T);
  const std::size_t whole = count / piece * piece;
  for (std::size_t i = 0; i < whole; i += piece) copy(from + i, piece, to + i);
  if (whole < count) detail::copy_rest<piece / 2>(from + whole, count - whole, to + whole);
}

/// Copies as many values as a layer knows, or finds in its file.
template <class T, std::size_t N, class Of>
INLAY_INLINE void copy(const T* from, Extent<N, Of> count, T* to) noexcept {
  if constexpr (N == dynamic) copy_row(from, count, to);
  else copy(from, std::size_t{N}, to);
}

/// View of a `[channel][frame]` tile inside the engine. Rows are aligned to `alignment` bytes and
/// hold `tile_frames` values, of which the first `frames` of a call are meaningful; kernels may read
/// and write the rest of a row, so that they always work on whole registers.
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

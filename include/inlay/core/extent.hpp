/// Sizes that the whole engine agrees on: alignment, padding, and the length of a tile.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_shape.hpp"

namespace inlay::INLAY_ISA {

/// A size that is known at run time: a layer of dynamic sizes reads them from its file.
inline constexpr std::size_t dynamic = unbounded - 1;

/// A size, part of the type. `Of` tells extents apart that would otherwise need addresses of their own.
template <std::size_t N, class Of = void>
struct Extent {
  constexpr operator std::size_t() const noexcept { return N; }
};
/// A size that is known when it runs.
template <>
struct Extent<dynamic> {
  constexpr operator std::size_t() const noexcept { return value; }
  std::size_t value = 0;
};
template <class Of>
struct Extent<dynamic, Of> : Extent<dynamic> {};

/// The same size for functions that do not ask whose it is.
template <std::size_t N, class Of>
constexpr Extent<N> untagged(Extent<N, Of> extent) noexcept {
  if constexpr (N == dynamic) return {extent.value};
  else return {};
}

/// Those of a layer, beside those of its tensors.
template <std::size_t N>
using LayerExtent = Extent<N, struct OfLayer>;

/// A and B as one size, dynamic where one of them is.
template <std::size_t A, std::size_t B>
inline constexpr std::size_t times = A == dynamic || B == dynamic ? dynamic : A * B;
/// A and B together, likewise.
template <std::size_t A, std::size_t B>
inline constexpr std::size_t sum_of = A == dynamic || B == dynamic ? dynamic : A + B;

/// Rows of weights are padded to whole multiples of this: the registers that the backend has for so many or, where the
/// number is dynamic, its widest; of one-lane backends then a run that is worth vectorising.
template <class B, std::size_t Rows>
inline constexpr std::size_t row_unit = Rows != dynamic ? B::lanes(Rows)
                                        : B::width == 1 ? 16
                                                        : B::width;

/// A block is cut into tiles of this many frames, so that scratch memory is a compile-time constant.
/// A multiple of every register width, so that no kernel has a remainder to treat.
inline constexpr std::size_t tile_frames = 64;

/// Alignment of weights, state and scratch in bytes: the widest register, and a cache line.
inline constexpr std::size_t alignment = 64;

/// `n` rounded up to a whole multiple of `unit`.
constexpr std::size_t round_up(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

/// Elements of type T that a frame of `channels` values occupies: whole cache lines, so that any
/// backend may load and store whole registers.
template <class T>
constexpr std::size_t padded_frame(std::size_t channels) {
  return round_up(channels, alignment / sizeof(T));
}

}  // namespace inlay::INLAY_ISA

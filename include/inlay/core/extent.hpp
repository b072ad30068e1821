/// Extent: static and dynamic sizes. Constants of the engine: alignment, padding, length of a tile.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_shape.hpp"

namespace inlay::INLAY_ISA {

/// A size that is known at run time only. Layers of dynamic sizes read them from the file.
inline constexpr std::size_t dynamic = unbounded - 1;

/// A size, static if N is a number. `Of` is a tag that makes types distinct, so that several empty extents of a class
/// share an address.
template <std::size_t N, class Of = void>
struct Extent {
  constexpr operator std::size_t() const noexcept { return N; }
};
/// A size that is known at run time only.
template <>
struct Extent<dynamic> {
  constexpr operator std::size_t() const noexcept { return value; }
  std::size_t value = 0;
};
template <class Of>
struct Extent<dynamic, Of> : Extent<dynamic> {};

/// The same size without its tag, to instantiate large functions once per size.
template <std::size_t N, class Of>
constexpr Extent<N> untagged(Extent<N, Of> extent) noexcept {
  if constexpr (N == dynamic) return {extent.value};
  else return {};
}

/// An extent of a layer, distinct from the extents of its tensors.
template <std::size_t N>
using LayerExtent = Extent<N, struct OfLayer>;

/// A * B, or `dynamic` if one of them is.
template <std::size_t A, std::size_t B>
inline constexpr std::size_t times = A == dynamic || B == dynamic ? dynamic : A * B;
/// A + B, or `dynamic` if one of them is.
template <std::size_t A, std::size_t B>
inline constexpr std::size_t sum_of = A == dynamic || B == dynamic ? dynamic : A + B;

/// Unit to which the rows of weights are padded: the backend's register for `Rows` lanes, or its widest register if
/// `Rows` is dynamic, or, for one-lane backends and dynamic `Rows`, 16 values, which are worth vectorising.
template <class B, std::size_t Rows>
inline constexpr std::size_t row_unit = Rows != dynamic ? B::lanes(Rows)
                                        : B::width == 1 ? 16
                                                        : B::width;

/// Largest number of frames of a tile. Fixed, so that the size of scratch memory is a compile-time constant. A multiple
/// of every register width, so that kernels have no remainder.
inline constexpr std::size_t tile_frames = 64;

/// Alignment of weights, state and scratch memory in bytes: the widest register, and a cache line.
inline constexpr std::size_t alignment = 64;

/// `n` rounded up to a multiple of `unit`.
constexpr std::size_t round_up(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

/// Number of values of type T that a frame of `channels` values occupies: whole cache lines, so that every backend may
/// load and store whole registers.
template <class T>
constexpr std::size_t padded_frame(std::size_t channels) {
  return round_up(channels, alignment / sizeof(T));
}

}  // namespace inlay::INLAY_ISA

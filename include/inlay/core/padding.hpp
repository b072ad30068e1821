/// Alignment and padding of memory: whole cache lines and whole registers.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"

namespace inlay::INLAY_ISA {

/// Alignment of weights, state and scratch memory in bytes: the widest register, and a cache line. On a microcontroller
/// Helium's register.
inline constexpr std::size_t alignment = INLAY_MICROCONTROLLER ? 16 : 64;

/// `n` rounded up to a multiple of `unit`.
constexpr std::size_t round_up(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

/// Number of values of type T that a frame of `channels` values occupies: whole cache lines, so that every backend may
/// load and store whole registers.
template <class T>
constexpr std::size_t padded_frame(std::size_t channels) {
  return round_up(channels, alignment / sizeof(T));
}

/// Unit to which the rows of weights are padded: the backend's register for `Rows` lanes, or its widest register if
/// `Rows` is dynamic, or, for one-lane backends and dynamic `Rows`, 16 values, which are worth vectorising.
template <class B, std::size_t Rows>
inline constexpr std::size_t row_unit = Rows != dynamic ? B::lanes(Rows)
                                        : B::width == 1 ? 16
                                                        : B::width;

}  // namespace inlay::INLAY_ISA

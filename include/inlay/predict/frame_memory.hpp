/// FrameMemory: the memory that frames use, and what of it the first cache does not hold.
#pragma once

#include <algorithm>

#include "inlay/core/compiler.hpp"

namespace inlay::internal {

/// Memory that frames use one after the other.
struct FrameMemory {
  double size = 0, read = 0;  ///< bytes, and how many of them each frame reads
  double past = 0;            ///< bytes that are read of values that are stored by channel, frames apart

  constexpr void add(double more, double more_read, double more_past = 0) {
    size += more, read += more_read, past += more_past;
  }
  /// Cache lines, of so many bytes, that a frame does not find in the first cache. It finds all if they have fewer
  /// bytes than `cache`; of `beyond` more, none.
  constexpr double missed_lines(double bytes) const {
    constexpr double line = 64, cache = 28 * 1024, beyond = 20 * 1024;
    return bytes / line * std::clamp((size - cache) / beyond, 0.0, 1.0);
  }
};

}  // namespace inlay::internal

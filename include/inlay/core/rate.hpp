/// Rate: how many frames a layer or a network gives for how many.
#pragma once

#include <cstddef>
#include <numeric>

namespace inlay {

/// Frames out for frames in, in lowest terms: {4, 1} gives one frame for each four, {1, 4} four for each.
struct Rate {
  std::size_t in = 1, out = 1;
  constexpr bool operator==(const Rate&) const = default;
  /// The rate of two layers in a row.
  friend constexpr Rate operator*(Rate a, Rate b) {
    const std::size_t frames_in = a.in * b.in, frames_out = a.out * b.out, common = std::gcd(frames_in, frames_out);
    return {frames_in / common, frames_out / common};
  }
};

}  // namespace inlay

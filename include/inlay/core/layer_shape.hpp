/// Rate, LayerShape: numbers of channels and timing of a layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>

namespace inlay {

/// The past of a recurrent layer, whose output depends on all earlier frames.
inline constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

/// `n`, or the largest number that is not `unbounded` if std::size_t is too small, as it may be on 32-bit processors.
/// That number exceeds all limits of files.
constexpr std::size_t bounded(std::uint64_t n) noexcept {
  return n < unbounded ? static_cast<std::size_t>(n) : unbounded - 1;
}

/// Output frames per input frames, in lowest terms: {4, 1} gives one frame for each four, {1, 4} four for each.
struct Rate {
  std::size_t in = 1, out = 1;
  constexpr bool operator==(const Rate&) const = default;
  /// The rate of two layers in a row.
  friend constexpr Rate operator*(Rate a, Rate b) {
    const std::uint64_t frames_in = std::uint64_t{a.in} * b.in, frames_out = std::uint64_t{a.out} * b.out;
    const std::uint64_t common = std::gcd(frames_in, frames_out);
    return {bounded(frames_in / common), bounded(frames_out / common)};
  }
};

/// Numbers of channels, timing and cost of a layer. Times are in frames of the layer's input.
struct LayerShape {
  std::size_t in = 0, out = 0;  ///< channels
  std::size_t condition = 0;    ///< number of side channels
  std::size_t past = 0;         ///< number of past frames that the output depends on, or `unbounded`
  std::size_t latency = 0;      ///< number of frames by which the output is late
  Rate rate{};
  std::size_t macs = 0;   ///< multiply-accumulates per input frame
  std::size_t state = 0;  ///< values of a state, those of the past and what is in proportion to the weights not counted
};

}  // namespace inlay

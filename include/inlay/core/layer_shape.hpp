/// Rate, FrameSum, LayerShape, work_of: numbers of channels, timing and cost of a layer.
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

/// A sum of times that are in frames of different rates, in frames of one of them. Rounded up once, not term by term.
class FrameSum {
 public:
  /// Adds `frames` frames of a signal that has the rate `rate`, relative to the frames that are counted.
  constexpr void add(std::size_t frames, Rate rate) {
    const std::uint64_t time = std::uint64_t{frames} * rate.in;
    const std::uint64_t finer = rate.out / std::gcd(parts_, std::uint64_t{rate.out});
    if (finer > most_parts / parts_) {  // no network has such rates
      sum_ += parts_ * (time / rate.out + (time % rate.out > 0));
    } else {
      sum_ *= finer, parts_ *= finer;
      sum_ += time * (parts_ / rate.out);
    }
  }
  constexpr std::size_t rounded_up() const { return bounded(sum_ / parts_ + (sum_ % parts_ > 0)); }
  constexpr bool operator==(const FrameSum& other) const { return sum_ * other.parts_ == other.sum_ * parts_; }

 private:
  static constexpr std::uint64_t most_parts = std::uint64_t{1} << 16;

  std::uint64_t sum_ = 0, parts_ = 1;  ///< the sum is sum_ / parts_
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

/// Operations per frame of a layer or of a network: multiply-accumulates, and eight for each value that is read or
/// written, for functions and for moving.
constexpr double work_of(std::size_t macs, std::size_t in, std::size_t out) {
  return static_cast<double>(macs) + 8 * static_cast<double>(in + out);
}

}  // namespace inlay

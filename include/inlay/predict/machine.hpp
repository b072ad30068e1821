/// Machine: what networks cost on a processor. <inlay/predict/machines.hpp> has those that are known.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "inlay/core/compiler.hpp"
#include "inlay/math/square_root.hpp"
#include "inlay/predict/features.hpp"

namespace inlay {

/// Times of network types, written by bench/predict. A table's error is the relative error within which nine of ten
/// networks are predicted that were not used to make the table.
struct Machine {
  std::string_view name, title;
  std::size_t lanes;       ///< floats in a register
  bool measured;           ///< false if the times are estimated from counted instructions
  Features frame, buffer;  ///< nanoseconds of a `forward` that waits for the last one, and of `process` with 64 frames
  std::optional<Features> instructions;  ///< nanoseconds of the instructions of `forward` if none waits, if known
  double overlap;                        ///< nanoseconds of instructions by which the processor looks ahead
  double frame_error, buffer_error;

  /// The time of `forward`. Of t nanoseconds t i / (i + overlap) remain, where i is the time of the frame's
  /// instructions, or t where it is not known. Three other things take time: the instructions, the layer that waits
  /// longest for the last frame, and what comes behind stores that are waited for, until which no other frame is done.
  /// They go on side by side, and the longest counts most: the result is the fourth root of the sum of their fourth
  /// powers.
  constexpr double forward_time(const NetworkWork& work) const {
    constexpr double waits = 0.8;  // the part of such a layer's time that waits: the rest is done while others wait
    const double latency = work.called.time(frame), issued = instructions ? work.called.time(*instructions) : 0;
    if (overlap == 0) return latency;
    const double i = instructions ? issued : latency, looking_ahead = latency * i / (i + overlap);
    return together(looking_ahead, issued, waits * work.longest.time(frame), work.stalled.time(frame));
  }
  /// The time of layers that a combinator calls frame by frame, with nothing to look ahead to.
  constexpr double inner_time(const Features& frames) const {
    return together(frames.time(frame), instructions ? frames.time(*instructions) : 0);
  }

 private:
  /// The time of what goes on side by side, the longest of which counts most.
  static constexpr double together(double a, double b, double c = 0, double d = 0) {
    return math::square_root(math::square_root(fourth(a) + fourth(b) + fourth(c) + fourth(d)));
  }
  static constexpr double fourth(double x) { return x * x * x * x; }
};

}  // namespace inlay

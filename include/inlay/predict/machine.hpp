/// Machine: what networks cost on a processor. <inlay/predict/machines.hpp> has those that are known.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

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
  /// instructions, or t where it is not known. A frame takes no less than its instructions, nor than its layers that
  /// wait for the last frame.
  constexpr double forward_time(const Features& work) const {
    const double latency = work.time(frame), issued = instructions ? work.time(*instructions) : 0;
    const double i = instructions ? issued : latency;
    return std::max({work.waiting_time(frame), issued, overlap > 0 ? latency * i / (i + overlap) : latency});
  }
};

}  // namespace inlay

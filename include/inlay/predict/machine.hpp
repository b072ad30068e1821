/// Machine: what networks cost on a processor. <inlay/predict/machines.hpp> has those that are known.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/predict/features.hpp"

namespace inlay {

/// Times of network types, written by bench/predict. A table's error is the relative error within which nine of ten
/// networks are predicted that were not used to make the table.
struct Machine {
  std::string_view name, title;
  std::size_t lanes;       ///< floats in a register
  bool measured;           ///< false if the times are estimated from counted instructions
  Features frame, buffer;  ///< nanoseconds of `forward`, and of `process` with 64 frames
  double overlap;          ///< nanoseconds by which frames overlap, see `Features::time`
  double frame_error, buffer_error;
};

}  // namespace inlay

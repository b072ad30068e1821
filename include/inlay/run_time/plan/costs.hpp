/// Costs: memory and time of a network, before any of its memory is allocated.
#pragma once

#include <cstddef>
#include <cstdint>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA::plan {

/// Upper bounds. Operations are floating-point numbers, as their product with a number of frames can exceed all
/// integers.
struct Costs {
  std::uint64_t state = 0;  ///< values of a state, without buffers
  double work = 0;          ///< operations per input frame of the network
  double windows = 0;       ///< operations of one window of each `windowed` layer

  /// Adds a layer whose input has the rate `rate`.
  void add(const LayerShape& shape, Rate rate) {
    state += shape.state;
    // A long past takes its frames and less than four tiles more. That of single channels is stored twice.
    if (shape.past != unbounded && shape.past > 0) state += shape.in * (2 * shape.past + 4 * tile_frames);
    const double frames = static_cast<double>(rate.out) / static_cast<double>(rate.in);
    work += frames * work_of(shape.macs, shape.in, shape.out);
  }
};

}  // namespace inlay::INLAY_ISA::plan

/// run_tile: runs a tile through all calls of a network.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/run_time/kernels.hpp"

namespace inlay::INLAY_ISA::plan {

/// Runs a tile of `frames` frames, which the input and side channel buffers already hold. Returns the number of output
/// frames.
template <class T>
std::size_t run_tile(const run_time::Run<T>& run, std::size_t frames) noexcept {
  *run.in_frames = *run.condition_frames = frames;
  for (const run_time::Call<T>& call : run.tile.calls)
    *call.output_frames = call.operation->tile(call.operands, *call.input_frames);
  return *run.out_frames;
}

}  // namespace inlay::INLAY_ISA::plan

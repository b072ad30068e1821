/// run_tile, run_stages: run a tile through all calls of a network.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/run_time/kernels.hpp"

namespace inlay::INLAY_ISA::plan {

template <class T>
void run_calls(std::span<const run_time::Call<T>> calls) noexcept {
  for (const run_time::Call<T>& call : calls)
    *call.output_frames = call.operation->tile(call.operands, *call.input_frames);
}

/// Runs a tile of `frames` frames, which the input and side channel buffers already hold, through a network without
/// cuts. Returns the number of output frames.
template <class T>
std::size_t run_tile(const run_time::Run<T>& run, std::size_t frames) noexcept {
  *run.in_frames = *run.condition_frames = frames;
  run_calls(run.tile.calls);
  return *run.out_frames;
}

/// Runs the stages from `stage` on, each for all pieces of the output before it.
template <class T, class F>
void run_later_stages(const run_time::Run<T>& run, std::size_t stage, const F& store) noexcept {
  if (stage == run.later.size()) return store(*run.out_frames);
  const run_time::Stage<T>& s = run.later[stage];
  const std::size_t frames = *s.from_frames;
  for (std::size_t first = 0; first < frames; first += s.tile_size) {
    *s.to_frames = std::min(frames - first, s.tile_size);
    for (std::size_t c = 0; c < s.channels; ++c)
      copy_row(s.from + c * tile_frames + first, *s.to_frames, s.to + c * tile_frames);
    run_calls(s.calls);
    run_later_stages(run, stage + 1, store);
  }
}

/// The same for any network. Calls `store(frames)` for each tile of the output, once the output buffer has its frames.
template <class T, class F>
void run_stages(const run_time::Run<T>& run, std::size_t frames, const F& store) noexcept {
  run_tile(run, frames);
  run_later_stages(run, 0, store);
}

}  // namespace inlay::INLAY_ISA::plan

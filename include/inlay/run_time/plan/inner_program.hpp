/// plan_inner: the program of layers inside of another operation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/plan/build_context.hpp"
#include "inlay/run_time/plan/costs.hpp"
#include "inlay/run_time/plan/program.hpp"
#include "inlay/run_time/plan/signal.hpp"

namespace inlay::INLAY_ISA::plan {

/// A program of its own. Times of `shape` are in its frames.
template <class T>
struct InnerProgram {
  Program<T> program;
  LayerShape shape;
  Costs costs;
};

/// Plans the chain "layers" of `context.record` for `channels` channels, as a program that does not change the rate and
/// has no side channels. Throws load_error.
template <class Planner>
INLAY_COLD auto plan_inner(Planner& planner, const BuildContext& context, std::size_t channels) {
  InnerProgram<typename Planner::scalar> made;
  Planner inner(made.program, planner.kernels());
  const Signal in = inner.input(channels), none = inner.input(0);
  const io::ChainRecord& chain = io::chain_of(context.record, "layers");
  const Signal out = inner.chain(chain, in, none);
  if (!out.pace.one_to_one())
    throw load_error(
        chain.place,
        io::concat({"layers that do not change the rate, inside of \"", io::type_of(context.record), "\""}),
        "layers that do");
  made.program.finish(in.parts[0], inner.contiguous(out), none.parts[0], planner.kernels(), tile_frames, true);
  planner.bound = std::max(planner.bound, inner.bound);
  made.shape = {
      .in = channels, .out = out.count(), .past = out.past, .latency = out.latency.rounded_up(), .macs = inner.macs};
  made.costs = inner.costs;
  made.costs.state += made.program.room();
  return made;
}

}  // namespace inlay::INLAY_ISA::plan

/// The combinator "overlap_add" of a run-time model.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "inlay/core/compiled.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/plan/build_context.hpp"
#include "inlay/run_time/plan/inner_program.hpp"
#include "inlay/run_time/plan/overlap_add_operation.hpp"
#include "inlay/run_time/plan/signal.hpp"

namespace inlay::INLAY_ISA::plan {

/// Returns whether the work of a frame is spread over the next hop. Throws load_error if there is nothing to spread.
INLAY_ONCE bool is_spread(const io::LayerRecord& record, std::size_t hop) {
  const auto found = record.values.find("spread");
  if (found == record.values.end()) return false;
  const bool* const spread = std::get_if<bool>(&found->second.value);
  if (!spread) throw load_error(found->second.place, "true or false", "another value");
  if (*spread && hop < 2)
    throw load_error(io::place_of(record, "hop"), "a hop of at least 2 samples, over which work can be spread",
                     std::to_string(hop));
  return *spread;
}

template <class Planner>
INLAY_COLD Signal build_overlap_add(Planner& planner, const BuildContext& context) {
  const std::size_t window = io::positive(context.record, "window"), hop = io::positive(context.record, "hop");
  if (window > limits::channels)
    throw load_error(io::place_of(context.record, "window"), io::concat({"at most ", limits::channels, " samples"}),
                     std::to_string(window));
  const bool spread = is_spread(context.record, hop);
  auto inner = plan_inner(planner, context, window);
  const std::size_t shorter = std::min(window, inner.shape.out);
  if (hop > shorter)
    throw load_error(io::place_of(context.record, "hop"), io::concat({"at most ", shorter, ", the samples of a frame"}),
                     std::to_string(hop));
  planner.costs.state += inner.costs.state + window + 2 * inner.shape.out;
  planner.costs.windows += inner.costs.windows + inner.costs.work;
  planner.costs.work += inner.costs.work / static_cast<double>(hop) * context.x.pace.frames_per_input();
  using Operation = OverlapAddOperation<typename Planner::scalar>;
  return planner.add_operation(context, std::make_unique<Operation>(std::move(inner), hop, spread, planner.kernels()),
                               {});
}

}  // namespace inlay::INLAY_ISA::plan

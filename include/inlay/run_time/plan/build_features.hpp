/// The combinators "along_features" and "per_feature" of a run-time model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/plan/build_context.hpp"
#include "inlay/run_time/plan/feature_operations.hpp"
#include "inlay/run_time/plan/inner_program.hpp"
#include "inlay/run_time/plan/signal.hpp"

namespace inlay::INLAY_ISA::plan {

template <template <class> class Operation, class Planner>
INLAY_COLD Signal build_features(Planner& planner, const BuildContext& context) {
  using T = typename Planner::scalar;
  const std::size_t features = io::positive(context.record, "features"), channels = context.x.count();
  if (channels == 0 || channels % features != 0)
    throw load_error(io::place_of(context.record, "features"),
                     io::concat({"a divisor of ", channels, ", the number of input channels"}),
                     std::to_string(features));
  auto inner = plan_inner(planner, context, channels / features);
  const std::uint64_t states = Operation<T>::keeps_states ? features : 1;
  planner.costs.state += states * inner.costs.state;
  planner.costs.windows += static_cast<double>(features) * inner.costs.windows;
  planner.costs.work += static_cast<double>(features) * inner.costs.work * context.x.pace.frames_per_input();
  return planner.add_operation(context, std::make_unique<Operation<T>>(std::move(inner), features, planner.kernels()),
                               {});
}

}  // namespace inlay::INLAY_ISA::plan

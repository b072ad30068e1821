/// The combinator "tfilm" of a run-time model.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/plan/build_context.hpp"
#include "inlay/run_time/plan/inner_program.hpp"
#include "inlay/run_time/plan/signal.hpp"
#include "inlay/run_time/plan/tfilm_operation.hpp"

namespace inlay::INLAY_ISA::plan {

template <class Planner>
INLAY_COLD Signal build_tfilm(Planner& planner, const BuildContext& context) {
  const std::size_t size = context.x.count();
  expect_width(context, io::number_of(context.record, "size"));
  const std::size_t block = io::positive(context.record, "block_size"),
                    offset = io::number_of(context.record, "offset");
  io::expect_past(io::place_of(context.record, "block_size"), block, size);
  if (offset > limits::option)
    throw load_error(io::place_of(context.record, "offset"), io::concat({"a whole number from 0 to ", limits::option}),
                     std::to_string(offset));
  auto inner = plan_inner(planner, context, size);
  if (inner.shape.out != size && inner.shape.out != 2 * size)
    refuse(context.record, io::concat({size, " or ", 2 * size, " output channels of \"layers\""}), inner.shape.out);
  if (inner.shape.latency > 0) refuse(context.record, "\"layers\" without latency", inner.shape.latency);
  planner.costs.state += inner.costs.state + size * (2 * block + 8);
  planner.costs.windows += inner.costs.windows + inner.costs.work;
  planner.costs.work += inner.costs.work / static_cast<double>(block) * context.x.pace.frames_per_input();
  using Operation = TFiLMOperation<typename Planner::scalar>;
  auto operation = std::make_unique<Operation>(std::move(inner), block, offset, planner.kernels());
  return planner.add_operation(context, std::move(operation), {});
}

}  // namespace inlay::INLAY_ISA::plan

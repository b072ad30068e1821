/// The combinators "block_control" and "tfilm" of a run-time model.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/plan/block_operation.hpp"
#include "inlay/run_time/plan/build_context.hpp"
#include "inlay/run_time/plan/inner_program.hpp"
#include "inlay/run_time/plan/signal.hpp"

namespace inlay::INLAY_ISA::plan {

/// Layers that run once for each block: their program, and where blocks begin.
template <class T>
struct BlockPlan {
  InnerProgram<T> layers;
  std::size_t block, offset;
};

/// Plans the layers for `context.x`. `past` channels of it are kept for a block.
template <class Planner>
INLAY_COLD auto plan_blocks(Planner& planner, const BuildContext& context, std::size_t past) {
  const std::size_t size = context.x.count(), block = io::positive(context.record, "block_size"),
                    offset = io::number_of(context.record, "offset");
  io::expect_past(io::place_of(context.record, "block_size"), block, std::max<std::size_t>(past, 1));
  if (offset > limits::option)
    throw load_error(io::place_of(context.record, "offset"), io::concat({"a whole number from 0 to ", limits::option}),
                     std::to_string(offset));
  BlockPlan<typename Planner::scalar> made{plan_inner(planner, context, size), block, offset};
  const InnerProgram<typename Planner::scalar>& inner = made.layers;
  if (inner.shape.latency > 0) refuse(context.record, "\"layers\" without latency", inner.shape.latency);
  planner.costs.state += inner.costs.state + past * 2 * block + 2 * (size + inner.shape.out) + 32;
  planner.costs.windows += inner.costs.windows + inner.costs.work;
  planner.costs.work += inner.costs.work / static_cast<double>(block) * context.x.pace.frames_per_input();
  return made;
}

template <class Planner>
INLAY_COLD Signal add_blocks(Planner& planner, const BuildContext& context, UseOfControls use,
                             BlockPlan<typename Planner::scalar> made) {
  using Operation = BlockOperation<typename Planner::scalar>;
  auto operation = std::make_unique<Operation>(use, std::move(made.layers), made.block, made.offset, planner.kernels());
  return planner.add_operation(context, std::move(operation), {});
}

template <class Planner>
INLAY_COLD Signal build_block_control(Planner& planner, const BuildContext& context) {
  return add_blocks(planner, context, UseOfControls::hold, plan_blocks(planner, context, 0));
}

template <class Planner>
INLAY_COLD Signal build_tfilm(Planner& planner, const BuildContext& context) {
  const std::size_t size = context.x.count();
  expect_width(context, io::number_of(context.record, "size"));
  auto made = plan_blocks(planner, context, size);
  const std::size_t out = made.layers.shape.out;
  if (out != size && out != 2 * size)
    refuse(context.record, io::concat({size, " or ", 2 * size, " output channels of \"layers\""}), out);
  return add_blocks(planner, context, UseOfControls::modulate, std::move(made));
}

}  // namespace inlay::INLAY_ISA::plan

/// Steps of a program that are made one.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/core/epilogue.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/panel_conv1d.hpp"
#include "inlay/run_time/panel_dense.hpp"
#include "inlay/run_time/step.hpp"

namespace inlay::INLAY_ISA::run_time {

/// Makes `a` give what it gives of in[0] and what `b` gives of in[1], added up, if it can.
template <class B>
bool add_to(Operation<B>& a, Operation<B>& b) {
  auto* const conv = dynamic_cast<LayerOperation<PanelConv1D<B>, B>*>(&a);
  auto* const dense = dynamic_cast<LayerOperation<PanelDense<B>, B>*>(&b);
  return conv && dense && conv->layer.add(dense->layer);
}

/// Makes one step of two, where what the first one gives is for the second alone and one operation can do both: it is
/// an addend that goes in with another product or, for frames, it goes through a function of each value. There are
/// `buffers` buffers, of which others know those that are `kept`.
template <class B>
void join_steps(std::vector<Step<B>>& steps, std::size_t buffers, const std::vector<std::size_t>& kept) {
  std::vector<std::size_t> mentions(buffers, 0);
  for (const Step<B>& step : steps) {
    for (const std::size_t buffer : step.uses().all) ++mentions[buffer];
    if (step.adds_in_place()) --mentions[step.sum.buffer];
  }
  for (const std::size_t buffer : kept) ++mentions[buffer];
  const auto is_all_of = [&](const Channels& c, const Step<B>& before) {
    return c.buffer == before.out.buffer && c.count == before.out.count && mentions[c.buffer] == 2;
  };
  std::vector<Step<B>> joined;
  for (Step<B>& step : steps) {
    if (!joined.empty() && step.inputs == 1) {
      Step<B>& before = joined.back();
      if (step.adds_in_place() && is_all_of(step.addend, before) && before.inputs == 1 && !before.adds()) {
        if (add_to(*before.operation, *step.operation)) {
          before = {std::move(before.operation), step.out, {before.in[0], step.in[0]}, 2};
          continue;
        }
      }
      // What comes before writes its output when it has read all that it needs: it may be a buffer of that.
      const bool in_registers = !before.adds() || (before.adds_in_place() && before.operation->adds());
      const Epilogue<B> epilogue = step.operation->epilogue();
      step.within_last = epilogue && is_all_of(step.in[0], before) && in_registers && before.operation->then(epilogue);
    }
    joined.push_back(std::move(step));
  }
  steps = std::move(joined);
}

}  // namespace inlay::INLAY_ISA::run_time

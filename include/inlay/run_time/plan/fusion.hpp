/// Fusion of steps of a program, before their weights are loaded.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/run_time/plan/step.hpp"

namespace inlay::INLAY_ISA::plan {

/// Fuses two consecutive steps if only the second uses the output of the first and one operation can compute both:
/// a convolution followed by a Dense of the side channels that is added to it; and, for frames only, a product followed
/// by an elementwise function. `buffers` is the number of buffers. The buffers in `kept` are also used outside the
/// program.
template <class T>
INLAY_COLD void fuse_steps(std::vector<Step<T>>& steps, std::size_t buffers, const std::vector<std::size_t>& kept) {
  std::vector<std::size_t> mentions(buffers, 0);
  for (const Step<T>& step : steps) {
    for (const std::size_t buffer : step.uses().all) ++mentions[buffer];
    if (step.adds_in_place()) --mentions[step.sum.buffer];
  }
  for (const std::size_t buffer : kept) ++mentions[buffer];
  const auto is_all_of = [&](const Channels& c, const Step<T>& before) {
    return c.buffer == before.out.buffer && c.count == before.out.count && mentions[c.buffer] == 2;
  };
  std::vector<Step<T>> fused;
  for (Step<T>& step : steps) {
    if (!fused.empty() && step.inputs == 1) {
      Step<T>& before = fused.back();
      if (step.adds_in_place() && is_all_of(step.addend, before) && before.inputs == 1 && !before.adds() &&
          before.operation->fuse_condition(*step.operation)) {
        before.out = step.out;
        before.in[1] = step.in[0];
        before.inputs = 2;
        before.condition_weights = step.weights;
        continue;
      }
      // The fused step writes step.out, which may be one of its input buffers. A product reads all of its input before
      // it writes its output.
      const bool in_registers = !before.adds() || before.adds_inside();
      step.fused_into_previous = in_registers && is_all_of(step.in[0], before) && !before.fused_into_previous &&
                                 before.operation->fuse_epilogue(*step.operation);
    }
    fused.push_back(std::move(step));
  }
  steps = std::move(fused);
}

}  // namespace inlay::INLAY_ISA::plan

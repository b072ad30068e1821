/// Step: an operation of a program and its buffers.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "inlay/core/compiler.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/plan/placement.hpp"

namespace inlay::INLAY_ISA::plan {

/// Channels [first, first + count) of a buffer.
struct Channels {
  std::size_t buffer = 0, first = 0, count = 0;
};

/// A cut between two stages of a program, see run_time::Stage.
struct Cut {
  Channels from, to;
  explicit operator bool() const noexcept { return to.count > 0; }
};

/// One step: out = operation(in...), then, if there is an addend, sum = out + addend.
template <class T>
struct Step {
  std::unique_ptr<run_time::Operation<T>> operation;
  Channels out;
  std::array<Channels, 3> in{};
  std::size_t inputs = 0;
  run_time::Weights weights{}, condition_weights{};  ///< weights of the operation, and of a fused Dense
  Channels addend{}, sum{};                          ///< sum = out + addend; no addend if addend.count is 0
  std::unique_ptr<run_time::Operation<T>> addition;  ///< computes the sum if `operation` does not
  bool fused_into_previous = false;                  ///< for frames, the previous step computes this one
  Cut cut;                                           ///< before this step

  bool adds() const noexcept { return addend.count > 0; }
  bool adds_in_place() const noexcept { return adds() && sum.buffer == out.buffer; }
  /// Returns whether `operation` itself adds the addend.
  bool adds_inside() const noexcept { return adds_in_place() && operation->adds(); }

  /// Buffers of the step, in the order in which they are released.
  BufferUse uses() const {
    BufferUse use{{out.buffer}, {out.buffer}};
    for (std::size_t i = 0; i < inputs; ++i) use.all.push_back(in[i].buffer);
    if (adds()) {
      use.all.insert(use.all.end(), {addend.buffer, sum.buffer});
      use.written.push_back(sum.buffer);
    }
    return use;
  }
};

}  // namespace inlay::INLAY_ISA::plan

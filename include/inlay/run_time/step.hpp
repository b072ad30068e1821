/// Step: an operation of a program, and the buffers that it works on.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "inlay/core/compiler.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/placement.hpp"

namespace inlay::INLAY_ISA::run_time {

/// Some of the channels of a buffer.
struct Channels {
  std::size_t buffer = 0, first = 0, count = 0;
};

template <class B>
struct Step {
  std::unique_ptr<Operation<B>> operation;
  Channels out;
  std::array<Channels, 3> in{};
  std::size_t inputs = 0;
  Channels addend{}, sum{};  ///< sum = out + addend, if there are any
  bool within_last = false;  ///< frames are done by the step before

  bool adds() const noexcept { return addend.count > 0; }
  bool adds_in_place() const noexcept { return adds() && sum.buffer == out.buffer; }

  /// Its buffers, in the order in which they are given up.
  Uses uses() const {
    Uses of{{out.buffer}, {out.buffer}};
    for (std::size_t i = 0; i < inputs; ++i) of.all.push_back(in[i].buffer);
    if (adds()) {
      of.all.insert(of.all.end(), {addend.buffer, sum.buffer});
      of.written.push_back(sum.buffer);
    }
    return of;
  }
};

}  // namespace inlay::INLAY_ISA::run_time

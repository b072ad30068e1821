/// Step: an operation of a program, and the buffers that it works on.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "inlay/core/compiler.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/plan/placement.hpp"

namespace inlay::INLAY_ISA::plan {

/// Some of the channels of a buffer.
struct Channels {
  std::size_t buffer = 0, first = 0, count = 0;
};

template <class T>
struct Step {
  std::unique_ptr<run_time::Operation<T>> operation;
  Channels out;
  std::array<Channels, 3> in{};
  std::size_t inputs = 0;
  run_time::Weights weights{}, condition_weights{};  ///< its own, and those of a Dense that was fused into it
  Channels addend{}, sum{};                          ///< sum = out + addend, if there is an addend
  std::unique_ptr<run_time::Operation<T>> addition;  ///< computes the sum where `operation` does not
  bool fused_into_previous = false;                  ///< for frames, the step before computes this one

  bool adds() const noexcept { return addend.count > 0; }
  bool adds_in_place() const noexcept { return adds() && sum.buffer == out.buffer; }
  /// Whether its operation gives the sum.
  bool adds_inside() const noexcept { return adds_in_place() && operation->adds(); }

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

}  // namespace inlay::INLAY_ISA::plan

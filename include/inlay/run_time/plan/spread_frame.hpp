/// SpreadFrame: the work on one frame of a program, spread over the samples of a hop.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/spread.hpp"
#include "inlay/run_time/kernels.hpp"

namespace inlay::INLAY_ISA::plan {

/// Runs the calls of a program for one frame, some at each sample of the hop after it: the steps of core/spread.hpp.
///
/// The buffers of the program belong to the frame until its last call.
template <class T>
class SpreadFrame {
  using Run = run_time::Run<T>;

 public:
  /// Decides when each call is due.
  INLAY_COLD void resize(const Run& run, std::size_t hop) {
    std::vector<double> work;
    for (const run_time::Call<T>& call : run.frame.calls) {
      const LayerShape shape = call.operation->shape();
      work.push_back(work_of(shape.macs, shape.in, shape.out));
    }
    due_.resize(work.size());
    inlay::detail::set_due(work, hop, due_);
    result_.resize(padded_frame<T>(run.out_size));
    clear();
  }
  /// Forgets the frame.
  void clear() noexcept {
    progress_.clear();
    result_.clear();
  }

  /// Returns whether there is a frame, which may be in the middle of the program.
  bool begun() const noexcept { return progress_.begun(); }

  /// Runs the calls that are due at sample `sample` of the hop or earlier.
  void run_until(const Run& run, std::size_t sample) noexcept {
    progress_.run_until(due_, sample, [&](std::size_t first, std::size_t end) {
      for (std::size_t i = first; i < end; ++i) {
        const run_time::Call<T>& call = run.frame.calls[i];
        call.operation->frame(call.operands);
      }
    });
  }
  /// Completes the frame and begins with `frame`. Returns the output of the completed one, zeros if there was none.
  const T* exchange(const Run& run, const T* frame) noexcept {
    run_until(run, unbounded);
    if (begun()) std::copy_n(run.frame.out, run.out_size, result_.data());
    std::copy_n(frame, run.in_size, run.frame.in);
    progress_.begin();
    return result_.data();
  }

 private:
  std::vector<std::size_t> due_;  ///< of each call
  inlay::detail::SpreadProgress progress_;
  AlignedArray<T, dynamic> result_;
};

}  // namespace inlay::INLAY_ISA::plan

/// SpreadFrame: the work on one frame of a program, spread over the samples of a hop.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/io/runnable.hpp"
#include "inlay/run_time/kernels.hpp"

namespace inlay::INLAY_ISA::plan {

/// Runs the calls of a program for one frame, some at each sample of the hop after it. A call is not divided: it is due
/// at the sample 1 to `hop` at which half of its work would be done, if all work were spread evenly. So the work at any
/// n samples in a row exceeds n / hop of the frame's by at most that of one call.
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
      work.push_back(io::work_of(shape.macs, shape.in, shape.out));
    }
    const double all = std::max(1.0, std::accumulate(work.begin(), work.end(), 0.0));
    double before = 0;
    for (const double each : work) {
      const double share = (before + each / 2) / all;
      due_.push_back(std::min(hop, 1 + static_cast<std::size_t>(share * static_cast<double>(hop))));
      before += each;
    }
    result_.resize(padded_frame<T>(run.out_size));
    clear();
  }
  /// Forgets the frame.
  void clear() noexcept {
    next_ = due_.size();
    begun_ = false;
    result_.clear();
  }

  /// Returns whether there is a frame, which may be in the middle of the program.
  bool begun() const noexcept { return begun_; }

  /// Runs the calls that are due at sample `sample` of the hop or earlier.
  void run_until(const Run& run, std::size_t sample) noexcept {
    for (; next_ < due_.size() && due_[next_] <= sample; ++next_) {
      const run_time::Call<T>& call = run.frame.calls[next_];
      call.operation->frame(call.operands);
    }
  }
  /// Completes the frame and begins with `frame`. Returns the output of the completed one, zeros if there was none.
  const T* exchange(const Run& run, const T* frame) noexcept {
    run_until(run, unbounded);
    if (begun_) std::copy_n(run.frame.out, run.out_size, result_.data());
    std::copy_n(frame, run.in_size, run.frame.in);
    next_ = 0;
    begun_ = true;
    return result_.data();
  }

 private:
  std::vector<std::size_t> due_;  ///< of each call
  std::size_t next_ = 0;          ///< call
  bool begun_ = false;
  AlignedArray<T, dynamic> result_;
};

}  // namespace inlay::INLAY_ISA::plan

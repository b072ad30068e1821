/// set_due, SpreadProgress: the work on a frame in steps, some at each sample of the hop after it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::detail {

/// Decides when each step of a frame is due. `work` has the operations of each step (`work_of`), in order. A step is
/// not divided: it is due at the sample 1 to `hop` at which half of its work would be done, if all work were spread
/// evenly. So the work at any n samples in a row exceeds n / hop of the frame's by at most that of one step.
constexpr void set_due(std::span<const double> work, std::size_t hop, std::span<std::size_t> due) {
  const double all = std::max(1.0, std::accumulate(work.begin(), work.end(), 0.0));
  double before = 0;
  for (std::size_t i = 0; i < work.size(); ++i) {
    const double share = (before + work[i] / 2) / all;
    due[i] = std::min(hop, 1 + static_cast<std::size_t>(share * static_cast<double>(hop)));
    before += work[i];
  }
}

/// How far the steps of a frame are. There is no frame at first.
class SpreadProgress {
 public:
  /// Returns whether there is a frame, some steps of which may be left.
  bool begun() const noexcept { return begun_; }
  /// Begins the steps of a frame.
  void begin() noexcept {
    next_ = 0;
    begun_ = true;
  }
  /// Forgets the frame.
  void clear() noexcept { begun_ = false; }

  /// Calls `run(first, end)` with the steps that are due at sample `sample` of the hop or earlier, if any are left.
  void run_until(std::span<const std::size_t> due, std::size_t sample, auto&& run) noexcept {
    if (!begun_) return;
    const std::size_t first = next_;
    while (next_ < due.size() && due[next_] <= sample) ++next_;
    if (first < next_) run(first, next_);
  }

 private:
  std::size_t next_ = 0;  ///< step
  bool begun_ = false;
};

}  // namespace inlay::INLAY_ISA::detail

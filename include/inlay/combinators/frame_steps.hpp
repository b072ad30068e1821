/// StepList, FrameSteps: the steps in which a chain of layers computes a frame. A step is a layer: one of the chain, or
/// one of the inner chains of its combinators.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/layer_traits.hpp"

namespace inlay::INLAY_ISA::detail {

/// The work of each step, in order.
struct StepList {
  double* work = nullptr;  ///< `count` values; null to count only
  std::size_t count = 0;

  /// Adds a step of `work_of_step` operations.
  constexpr void add(double work_of_step) {
    if (work) work[count] = work_of_step;
    ++count;
  }
  /// Adds work to the last step.
  constexpr void add_to_last(double more) {
    if (work) work[count - 1] += more;
  }
};

/// Adds the steps of layer L: those that it lists itself, as a `Sequential` and a combinator do, or one.
template <class L>
constexpr void list_steps(StepList& list) {
  const std::size_t before = list.count;
  if constexpr (requires { L::list_steps(list); }) L::list_steps(list);
  if (list.count == before) list.add(work_of(L::macs, L::in_size, L::out_size));
}
template <class L>
inline constexpr std::size_t step_count = [] {
  StepList list;
  list_steps<L>(list);
  return list.count;
}();

/// Counts the steps of a frame while layers pass through all of them, and tells which of them run: `first` and those
/// after it up to `end`. What stands between two steps, such as a sum of branches, runs with the one before it.
class FrameSteps {
 public:
  FrameSteps(std::size_t first, std::size_t end) noexcept : first_(first), end_(end) {}

  /// Returns whether the next step runs, and passes it.
  INLAY_INLINE bool next_runs() noexcept { return runs(next_++); }
  /// Returns whether what stands after the last step, or before the first one, runs.
  INLAY_INLINE bool last_runs() const noexcept { return runs(last()); }
  /// Passes the next `count` steps if none of them runs, nor anything before, between and after them.
  INLAY_INLINE bool pass(std::size_t count) noexcept {
    const bool none = next_ + count <= first_ || end_ <= last();
    if (none) next_ += count;
    return none;
  }

 private:
  INLAY_INLINE bool runs(std::size_t step) const noexcept { return first_ <= step && step < end_; }
  INLAY_INLINE std::size_t last() const noexcept { return std::max<std::size_t>(next_, 1) - 1; }

  std::size_t first_, end_;
  std::size_t next_ = 0;
};

/// Runs the steps of one frame that `steps` tells. The layer's input, output and scratch memory must stay as they are
/// from its first step to its last.
template <class L, class T, std::same_as<const T*>... Addend>
INLAY_INLINE void forward_steps(const L& layer, typename L::State& state, const T* in, T* out, Context<T> context,
                                FrameSteps& steps, Addend... addend) noexcept {
  if constexpr (step_count<L> > 1) {
    if (!steps.pass(step_count<L>)) layer.forward_steps(state, in, out, context, steps, addend...);
  } else {
    if (steps.next_runs()) forward(layer, state, in, out, context, addend...);
  }
}

}  // namespace inlay::INLAY_ISA::detail

/// Clock: determines at which input frames a strided layer gives an output frame.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"

namespace inlay::INLAY_ISA {

/// An output frame is due at input frame t, counted from `reset`, if (t - Reach) is a multiple of `Stride`. These are
/// the output frames of an unpadded framework layer with this stride that looks back `Reach` frames.
template <std::size_t Reach, std::size_t Stride>
class Clock {
 public:
  void resize(std::size_t reach, std::size_t stride)
    requires(Stride == dynamic)
  {
    reach_.value = reach, stride_.value = stride;
    reset();
  }
  void reset() noexcept { left_ = reach_ % stride_; }

  /// Advances one input frame. Returns true if an output frame is due.
  INLAY_INLINE bool tick() noexcept {
    const bool now = left_ == 0;
    left_ = now ? stride_ - 1 : left_ - 1;
    return now;
  }
  /// Advances `frames` input frames. Calls `f(t)` for each input frame t at which an output frame is due. Returns the
  /// number of output frames.
  template <class F>
  INLAY_INLINE std::size_t tick(std::size_t frames, F&& f) noexcept {
    std::size_t due = 0;
    for (; left_ < frames; left_ += stride_, ++due) f(left_);
    left_ -= frames;
    return due;
  }

 private:
  INLAY_NO_ADDRESS Extent<Reach> reach_;
  INLAY_NO_ADDRESS Extent<Stride> stride_;
  std::size_t left_ = Stride == dynamic ? 0 : Reach % Stride;
};

}  // namespace inlay::INLAY_ISA

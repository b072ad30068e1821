/// Clock: when a layer that does not answer every frame does.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"

namespace inlay::INLAY_ISA {

/// Strikes at each frame t, counted from `reset`, for which (t - Reach) is a multiple of `Stride`: where a framework's
/// unpadded layer that looks back `Reach` frames and moves on by `Stride` has its outputs.
template <std::size_t Reach, std::size_t Stride>
class Clock {
 public:
  void fit(std::size_t reach, std::size_t stride)
    requires(Stride == dynamic)
  {
    reach_.value = reach, stride_.value = stride;
    reset();
  }
  void reset() noexcept { left_ = reach_ % stride_; }

  /// One frame goes by; whether it is one.
  INLAY_INLINE bool tick() noexcept {
    const bool now = left_ == 0;
    left_ = now ? stride_ - 1 : left_ - 1;
    return now;
  }
  /// `frames` frames go by; calls `f(t)` for each that is one, t being its place among them. Returns how many.
  template <class F>
  INLAY_INLINE std::size_t tick(std::size_t frames, F&& f) noexcept {
    std::size_t strikes = 0;
    for (; left_ < frames; left_ += stride_, ++strikes) f(left_);
    left_ -= frames;
    return strikes;
  }

 private:
  INLAY_NO_ADDRESS Extent<Reach> reach_;
  INLAY_NO_ADDRESS Extent<Stride> stride_;
  std::size_t left_ = Stride == dynamic ? 0 : Reach % Stride;
};

}  // namespace inlay::INLAY_ISA

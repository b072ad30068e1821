/// Facts: what a formula needs and how its value relates to the input in time.
#pragma once

#include <algorithm>
#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA::formula {

/// Facts of a value. Times are in frames of the combinator's input.
struct Facts {
  std::size_t channels = 0;
  std::size_t past = 0;           ///< past input frames that the value depends on, or `unbounded`
  std::size_t warmup_frames = 0;  ///< see LayerTraits
  std::size_t latency = 0;
  std::size_t condition_size = 0;  ///< side channels that are read
  std::size_t scratch = 0;         ///< values of scratch memory, without that of the inner layers
  std::size_t frame_unit = 1;      ///< how wide the input is read, see LayerTraits

  /// Adds the time that a layer or another value takes before or after this one.
  constexpr void add_time(const Facts& other) {
    past = past == unbounded || other.past == unbounded ? unbounded : past + other.past;
    warmup_frames += other.warmup_frames;
    latency += other.latency;
  }
  /// The facts of layer L of this value.
  template <class L>
  constexpr Facts followed_by() const {
    using Traits = LayerTraits<L>;
    Facts y = *this;
    y.channels = L::out_size;
    y.add_time({.past = L::receptive_field == unbounded ? unbounded : L::receptive_field - 1,
                .warmup_frames = Traits::warmup_frames,
                .latency = Traits::latency});
    y.condition_size = std::max(condition_size, Traits::condition_size);
    y.frame_unit = std::max(frame_unit, Traits::frame_unit);
    return y;
  }
  /// The facts of a function of two simultaneous values with the channels of the first.
  friend constexpr Facts operator&(Facts a, const Facts& b) {
    a.past = std::max(a.past, b.past);
    a.warmup_frames = std::max(a.warmup_frames, b.warmup_frames);
    a.latency = std::max(a.latency, b.latency);
    a.condition_size = std::max(a.condition_size, b.condition_size);
    a.frame_unit = std::max(a.frame_unit, b.frame_unit);
    a.scratch += b.scratch;
    return a;
  }
};

/// The facts of an expression X whose value has to be in memory.
template <class X, class C>
constexpr Facts stored() {
  using T = typename C::scalar;
  Facts y = X::template facts<C>();
  if constexpr (requires { X::template is_computed<C>; })
    if (X::template is_computed<C>) y.scratch += scratch_block<T>(scratch_tile<T>(y.channels));
  return y;
}

}  // namespace inlay::INLAY_ISA::formula

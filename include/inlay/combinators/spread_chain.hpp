/// SpreadChain: the work of a chain of layers on one frame, spread over the samples of a hop.
#pragma once

#include <array>
#include <cstddef>

#include "inlay/combinators/frame_steps.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/spread.hpp"

namespace inlay::INLAY_ISA::detail {

/// Runs the layers of `Body`, a `Sequential`, for one frame, some at each sample of the hop after it: the steps of
/// core/spread.hpp. It keeps the values between the layers from sample to sample.
template <class Body, std::size_t Hop>
class SpreadChain {
  using T = typename Body::scalar;
  static constexpr std::size_t count = step_count<Body>;
  static constexpr std::array<std::size_t, count> due = [] {
    std::array<double, count> work{};
    StepList list{work.data()};
    list_steps<Body>(list);
    std::array<std::size_t, count> samples{};
    set_due(work, Hop, samples);
    return samples;
  }();

 public:
  /// Forgets the frame.
  void clear() noexcept {
    progress_.clear();
    out_.clear();
  }
  /// Runs the layers that are due at sample `sample` of the hop or earlier.
  INLAY_NOINLINE void run_until(const Body& body, typename Body::State& state, std::size_t sample) noexcept {
    progress_.run_until(due, sample, [&](std::size_t first, std::size_t end) INLAY_INLINE_LAMBDA {
      FrameSteps steps(first, end);
      forward_steps(body, state, static_cast<const T*>(in_.data()), out_.data(), Context<T>{scratch_.data(), nullptr},
                    steps);
    });
  }
  /// Completes the frame and begins with `frame`. Returns the output of the completed one, zeros if there was none.
  const T* exchange(const Body& body, typename Body::State& state, const T* frame) noexcept {
    run_until(body, state, Hop);
    copy(frame, Body::in_size, in_.data());
    progress_.begin();
    return out_.data();
  }

 private:
  SpreadProgress progress_;
  AlignedArray<T, padded_frame<T>(Body::in_size)> in_;
  AlignedArray<T, padded_frame<T>(Body::out_size)> out_;
  AlignedArray<T, LayerTraits<Body>::scratch_size> scratch_;
};

}  // namespace inlay::INLAY_ISA::detail

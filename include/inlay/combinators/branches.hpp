/// Compile-time checks of the branches of a combinator.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"

namespace inlay::INLAY_ISA::detail {

template <std::size_t Branch, std::size_t InputSize, std::size_t FirstInputSize>
struct SameInputSize {
  static_assert(InputSize == FirstInputSize, "inlay: every branch must have the input size of the first branch");
};
template <std::size_t Branch, std::size_t OutputSize, std::size_t FirstOutputSize>
struct SameOutputSize {
  static_assert(OutputSize == FirstOutputSize,
                "inlay: every branch that is added must have the output size of the first branch");
};
template <std::size_t Branch, std::size_t FramesIn, std::size_t FramesOut, std::size_t FirstFramesIn,
          std::size_t FirstFramesOut>
struct SameRate {
  static_assert(FramesIn == FirstFramesIn && FramesOut == FirstFramesOut,
                "inlay: every branch must have the rate of the first branch, frames in and frames out");
};
template <std::size_t Branch, std::size_t Latency, std::size_t FirstLatency>
struct SameLatency {
  static_assert(Latency == FirstLatency,
                "inlay: every branch must have the latency of the first branch; add an inlay::Delay<Size, N> to the "
                "branch with less latency");
};

/// Checks that branch I fits the first one. The index and both numbers are template arguments, so that compilers print
/// them in the error message.
template <std::size_t I, class Branch, class First>
struct BranchMatchesFirst : SameInputSize<I, Branch::in_size, First::in_size>,
                            SameRate<I, LayerTraits<Branch>::rate.in, LayerTraits<Branch>::rate.out,
                                     LayerTraits<First>::rate.in, LayerTraits<First>::rate.out>,
                            SameLatency<I, LayerTraits<Branch>::latency, LayerTraits<First>::latency> {
  static_assert(LayerTraits<Branch>::one_to_one && LayerTraits<First>::one_to_one,
                "inlay: every branch must give exactly one output frame for each input frame; move layers that change "
                "the rate out of the branches");
  static constexpr bool checked = true;
};

}  // namespace inlay::INLAY_ISA::detail

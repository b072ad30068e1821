/// HardSigmoid: y = clip(slope x + 1/2, 0, 1), in the two versions of the frameworks.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/gates.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// The gate function `Gate` as a layer, per channel.
template <std::size_t Size, class Gate, Backend B>
class BasicHardSigmoid : public Pointwise<BasicHardSigmoid<Size, Gate, B>, Size, B> {
 public:
  static constexpr std::string_view type = Gate::name;

  template <class R>
  static INLAY_INLINE R apply(R x, auto) noexcept {
    return Gate::template apply<B>(x);
  }
};

/// clip(x / 6 + 1/2, 0, 1): PyTorch's Hardsigmoid, Keras 3's hard_sigmoid.
template <std::size_t Size, Backend B = default_backend>
using HardSigmoid = BasicHardSigmoid<Size, HardSigmoidGate, B>;

/// clip(0.2 x + 1/2, 0, 1): hard_sigmoid of Keras 1 and 2.
template <std::size_t Size, Backend B = default_backend>
using HardSigmoidKeras2 = BasicHardSigmoid<Size, HardSigmoidKeras2Gate, B>;

}  // namespace inlay::INLAY_ISA

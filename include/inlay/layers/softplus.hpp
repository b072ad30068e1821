/// Softplus: y = log(1 + e^(beta x)) / beta, and x where beta x > threshold.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Smooth rectifier, per channel: y = log(1 + e^(beta x)) / beta if beta x <= threshold, else x. Numbers: `beta`, 1 by
/// default; `threshold`, 20 by default. PyTorch: Softplus. Keras: softplus, which is the same with an infinite
/// threshold.
template <std::size_t Size, Backend B = default_backend>
class Softplus : public Pointwise<Softplus<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "softplus";

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    v.number("beta", beta);
    v.number("threshold", threshold);
  }

  /// log(1 + e^z) = max(0, z) + log(1 + e^-|z|), which cannot overflow.
  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    using Math = typename B::math_policy;
    const R zero = at(scalar(0));
    const R z = x * at(beta);
    const R bend = Math::template log1p<B>(Math::template exp<B>(B::if_less(z, zero, z, zero - z)));
    return B::if_less(at(threshold), z, x, math::divide<B>(B::max(zero, z) + bend, at(beta)));
  }

  scalar beta = 1, threshold = 20;
};

}  // namespace inlay::INLAY_ISA

/// ELU: y = x where x > 0, alpha (e^x - 1) elsewhere.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Exponential linear unit, per channel: y = x if x > 0, else alpha (e^x - 1). Number: `alpha`, 1 by default. PyTorch:
/// ELU. Keras: ELU, elu.
template <std::size_t Size, Backend B = default_backend>
class ELU : public Pointwise<ELU<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "elu";

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    v.number("alpha", alpha);
  }

  /// e^x - 1 = 2 t / (1 - t) with t = tanh(x / 2), which has no cancellation for x < 0.
  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    const R t = B::math_policy::template tanh<B>(x * at(scalar(0.5)));
    return B::if_less(x, at(0), math::divide<B>(at(2 * alpha) * t, at(1) - t), x);
  }

  scalar alpha = 1;
};

}  // namespace inlay::INLAY_ISA

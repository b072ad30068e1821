/// LeakyReLU: y = x where x > 0, alpha x elsewhere.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Leaky rectifier, per channel: y = x if x > 0, else alpha x. Number: `alpha`. PyTorch: LeakyReLU (negative_slope,
/// 0.01 by default). Keras: LeakyReLU (0.3 by default).
template <std::size_t Size, Backend B = default_backend>
class LeakyReLU : public Pointwise<LeakyReLU<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "leaky_relu";

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    v.number("alpha", alpha);
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    return B::if_less(x, at(0), x * at(alpha), x);
  }

  scalar alpha = scalar(0.01);
};

}  // namespace inlay::INLAY_ISA

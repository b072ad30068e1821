/// Sigmoid: y = 1 / (1 + e^-x).
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Logistic sigmoid: y = 1 / (1 + e^-x), per channel. PyTorch: Sigmoid. Keras: sigmoid.
template <std::size_t Size, Backend B = default_backend>
class Sigmoid : public Pointwise<Sigmoid<Size, B>, Size, B> {
 public:
  static constexpr std::string_view type = "sigmoid";

  template <class R>
  static INLAY_INLINE R apply(R x, auto) noexcept {
    return B::math_policy::template sigmoid<B>(x);
  }
};

}  // namespace inlay::INLAY_ISA

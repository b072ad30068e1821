/// Tanh: y = tanh(x).
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Hyperbolic tangent, per channel: y = tanh(x). PyTorch: Tanh. Keras: tanh.
template <std::size_t Size, Backend B = default_backend>
class Tanh : public Pointwise<Tanh<Size, B>, Size, B> {
 public:
  static constexpr std::string_view type = "tanh";

  template <class R>
  static INLAY_INLINE R apply(R x, auto) noexcept {
    return B::math_policy::template tanh<B>(x);
  }
};

}  // namespace inlay::INLAY_ISA

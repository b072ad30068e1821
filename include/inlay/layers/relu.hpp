/// ReLU: y = max(0, x).
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Rectifier, per channel: y = max(0, x). PyTorch: ReLU. Keras: ReLU, relu.
template <std::size_t Size, Backend B = default_backend>
class ReLU : public Pointwise<ReLU<Size, B>, Size, B> {
 public:
  static constexpr std::string_view type = "relu";

  template <class R>
  static INLAY_INLINE R apply(R x, auto at) noexcept {
    return B::max(at(0), x);
  }
};

}  // namespace inlay::INLAY_ISA

/// Hardtanh: y = clip(x, min, max).
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Clipping, per channel: y = clip(x, min, max). Numbers: `min`, `max`, -1 and 1 by default. PyTorch: Hardtanh
/// (min_val, max_val); ReLU6 for min = 0, max = 6. Keras: relu6.
template <std::size_t Size, Backend B = default_backend>
class Hardtanh : public Pointwise<Hardtanh<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "hardtanh";

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    v.number("min", min);
    v.number("max", max);
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    return B::max(at(min), B::min(at(max), x));
  }

  scalar min = -1, max = 1;
};

}  // namespace inlay::INLAY_ISA

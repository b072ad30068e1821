/// Scale: y = scale x.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Multiplies all channels by one number: y = scale x. Number: `scale`, 1 by default. Cost per frame: Size
/// multiplications.
template <std::size_t Size, Backend B = default_backend>
class Scale : public Pointwise<Scale<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "scale";
  static constexpr std::size_t macs = Size;
  constexpr LayerShape shape() const noexcept { return {.in = this->size_, .out = this->size_, .macs = this->size_}; }

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    v.number("scale", scale);
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    return x * at(scale);
  }

  scalar scale = 1;
};

}  // namespace inlay::INLAY_ISA

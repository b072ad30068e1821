/// LeakyHardtanh: y = c + slope (x - c) with c = clip(x, min, max) and a slope for each side.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Leaky clipping, per channel, as in Neural Amp Modeler: y = x between `min` and `max`, min + min_slope (x - min)
/// below, max + max_slope (x - max) above. Numbers: `min`, `max`, -1 and 1 by default; `min_slope`, `max_slope`, 0.01
/// by default.
template <std::size_t Size, Backend B = default_backend>
class LeakyHardtanh : public Pointwise<LeakyHardtanh<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "leaky_hardtanh";

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    v.number("min", min);
    v.number("max", max);
    v.number("min_slope", min_slope);
    v.number("max_slope", max_slope);
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    const R clipped = B::max(at(min), B::min(at(max), x));
    return B::fma(B::if_less(x, clipped, at(min_slope), at(max_slope)), x - clipped, clipped);
  }

  scalar min = -1, max = 1, min_slope = scalar(0.01), max_slope = scalar(0.01);
};

}  // namespace inlay::INLAY_ISA

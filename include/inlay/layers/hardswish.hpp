/// HardSwish: y = x clip(x + 3, 0, 6) / 6.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/gates.hpp"
#include "inlay/layers/pointwise.hpp"
#include "inlay/layers/self_gated.hpp"

namespace inlay::INLAY_ISA {

/// y = x clip(x + 3, 0, 6) / 6, per channel. PyTorch: Hardswish. Keras 3: hard_silu, hard_swish.
template <std::size_t Size, Backend B = default_backend>
class HardSwish : public Pointwise<HardSwish<Size, B>, Size, B> {
 public:
  static constexpr std::string_view type = "hardswish";

  template <class R>
  static INLAY_INLINE R apply(R x, auto) noexcept {
    return detail::self_gated<B>(x, HardSigmoidGate::apply<B>(x));
  }
};

}  // namespace inlay::INLAY_ISA

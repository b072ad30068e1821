/// self_gated: y = x gate(x), for SiLU, GELU and HardSwish, whose gate rises from 0 to 1.
#pragma once

#include <limits>

#include "inlay/core/compiler.hpp"
#include "inlay/math/accurate.hpp"

namespace inlay::INLAY_ISA::detail {

/// x gate. Returns 0, not NaN, if x is -infinity and the gate 0.
template <class B, class R>
INLAY_INLINE R self_gated(R x, R gate) noexcept {
  return B::max(math::broadcast<B, R>(std::numeric_limits<typename B::scalar>::lowest()), x) * gate;
}

}  // namespace inlay::INLAY_ISA::detail

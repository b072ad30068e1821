/// Softsign: y = x / (1 + |x|).
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Softsign, per channel: y = x / (1 + |x|). PyTorch: Softsign. Keras: softsign.
template <std::size_t Size, Backend B = default_backend>
class Softsign : public Pointwise<Softsign<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "softsign";

  template <class R>
  static INLAY_INLINE R apply(R x, auto at) noexcept {
    using Limits = std::numeric_limits<scalar>;
    const R zero = at(scalar(0));
    x = B::max(at(Limits::lowest()), B::min(at(Limits::max()), x));  // infinity / infinity would be NaN
    return math::divide<B>(x, at(scalar(1)) + B::if_less(x, zero, zero - x, x));
  }
};

}  // namespace inlay::INLAY_ISA

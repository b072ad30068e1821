/// Mish: y = x tanh(log(1 + e^x)).
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"
#include "inlay/layers/self_gated.hpp"

namespace inlay::INLAY_ISA {

/// Mish, per channel: y = x tanh(log(1 + e^x)). PyTorch: Mish. Keras: mish. Cost per value: an exponential and a
/// division.
template <std::size_t Size, Backend B = default_backend>
class Mish : public Pointwise<Mish<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "mish";

  /// tanh(log(1 + e)) = n / (n + 2) with n = e^2 + 2 e, which has no cancellation. It is 1 before e^2 can overflow.
  template <class R>
  static INLAY_INLINE R apply(R x, auto at) noexcept {
    const R e = B::math_policy::template exp<B>(B::min(at(scalar(40)), x));
    const R n = B::fma(e, e, e + e);
    return detail::self_gated<B>(x, math::divide<B>(n, n + at(scalar(2))));
  }
};

}  // namespace inlay::INLAY_ISA

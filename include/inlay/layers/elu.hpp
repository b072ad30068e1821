/// ELU, SELU: exponential linear units, y = x where x > 0, alpha (e^x - 1) elsewhere.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

namespace detail {
/// factor (e^x - 1) = 2 factor t / (1 - t) with t = tanh(x / 2), which has no cancellation for x < 0.
template <class B, class R>
INLAY_INLINE R exponential_below_zero(R x, typename B::scalar factor, auto at) noexcept {
  const R t = B::math_policy::template tanh<B>(x * at(typename B::scalar(0.5)));
  return math::divide<B>(at(2 * factor) * t, at(1) - t);
}
}  // namespace detail

/// Exponential linear unit, per channel: y = x if x > 0, else alpha (e^x - 1). Number: `alpha`, 1 by default. PyTorch:
/// ELU. Keras: ELU, elu.
template <std::size_t Size, Backend B = default_backend>
class ELU : public Pointwise<ELU<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "elu";

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    v.number("alpha", alpha);
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    return B::if_less(x, at(0), detail::exponential_below_zero<B>(x, alpha, at), x);
  }

  scalar alpha = 1;
};

/// Self-normalising exponential linear unit, per channel: y = s x if x > 0, else s alpha (e^x - 1), with
/// alpha = 1.6732632 and s = 1.0507010 (Klambauer, Unterthiner, Mayr, Hochreiter, 2017). PyTorch: SELU. Keras: selu.
template <std::size_t Size, Backend B = default_backend>
class SELU : public Pointwise<SELU<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "selu";

  template <class R>
  static INLAY_INLINE R apply(R x, auto at) noexcept {
    constexpr double alpha = 1.6732632423543772848, scale = 1.0507009873554804934;
    return B::if_less(x, at(0), detail::exponential_below_zero<B>(x, scalar(scale * alpha), at), x * at(scalar(scale)));
  }
};

}  // namespace inlay::INLAY_ISA

/// GELU, TanhGELU: Gaussian error linear unit, exact and approximated by tanh.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"
#include "inlay/layers/self_gated.hpp"

namespace inlay::INLAY_ISA {

/// Gaussian error linear unit, per channel: y = x (1 + erf(x / sqrt 2)) / 2. PyTorch: GELU(approximate='none'). Keras:
/// gelu(approximate=False).
template <std::size_t Size, Backend B = default_backend>
class GELU : public Pointwise<GELU<Size, B>, Size, B> {
 public:
  static constexpr std::string_view type = "gelu";

  template <class R>
  static INLAY_INLINE R apply(R x, auto) noexcept {
    return detail::self_gated<B>(x, B::math_policy::template normal_cdf<B>(x));
  }
};

/// Approximation of GELU, per channel: y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. PyTorch:
/// GELU(approximate='tanh'). Keras: gelu(approximate=True).
template <std::size_t Size, Backend B = default_backend>
class TanhGELU : public Pointwise<TanhGELU<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "gelu_tanh";

  /// (1 + tanh(u)) / 2 = sigmoid(2 u), which keeps its relative precision as it goes to zero.
  template <class R>
  static INLAY_INLINE R apply(R x, auto at) noexcept {
    constexpr double slope = 1.59576912160573071176;  // 2 sqrt(2 / pi)
    const R twice_u = x * B::fma(x * x, at(scalar(0.044715 * slope)), at(scalar(slope)));
    return detail::self_gated<B>(x, B::math_policy::template sigmoid_relative<B>(twice_u));
  }
};

}  // namespace inlay::INLAY_ISA

/// FastTanh: a rational approximation of tanh that Neural Amp Modeler calls Fasttanh.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// y = x (a + a |x| + (b + c |x|) x^2) / (d + (d + x^2) |x| (1 + e |x|)), per channel. Within 5e-4 of tanh for |x| < 5;
/// the limit is 1.0081. For files whose network was trained with it. For a fast tanh see `math::Fast`.
template <std::size_t Size, Backend B = default_backend>
class FastTanh : public Pointwise<FastTanh<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "fast_tanh";

  template <class R>
  static INLAY_INLINE R apply(R x, auto at) noexcept {
    const auto number = [&](double value) INLAY_INLINE_LAMBDA { return at(scalar(value)); };
    x = B::max(number(-1e6), B::min(number(1e6), x));  // the function is constant by then, and its powers are finite
    const R magnitude = B::max(number(0) - x, x), square = x * x;
    const R over = B::fma(B::fma(number(0.821226666969744), magnitude, number(0.893229853513558)), square,
                          B::fma(number(2.45550750702956), magnitude, number(2.45550750702956)));
    const R slope = B::fma(number(0.814642734961073) * magnitude, magnitude, magnitude);
    return math::divide<B>(x * over, B::fma(number(2.44506634652299) + square, slope, number(2.44506634652299)));
  }
};

}  // namespace inlay::INLAY_ISA

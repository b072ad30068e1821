/// Snake: y = x + sin^2(alpha x) / alpha, with a trained alpha.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Periodic activation y = x + sin^2(alpha x) / alpha, per channel (Ziyin, Hartwig, Ueda, 2020). Common in vocoders and
/// codecs.
///
/// Tensor: `alpha` [Size]. y = x if alpha is 0. Implementations that divide by alpha + 1e-9 give the same result,
/// unless alpha is about that small. Files of implementations that train log(alpha) store alpha.
///
/// The sine is accurate for |alpha x| up to 50,000 in float and 3,000,000 in double. Beyond that it is a number in [-1,
/// 1].
template <std::size_t Size, Backend B = default_backend>
class Snake : public Pointwise<Snake<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "snake";
  static constexpr std::size_t parameters = Size;

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    if constexpr (Size == dynamic) alpha_.resize(this->size_), inverse_.resize(this->size_);
    v.tensor("alpha", alpha_);
    if constexpr (Size == dynamic) inverse_.allocate();
  }

  constexpr void prepare() noexcept {
    for (std::size_t c = 0; c < this->size_; ++c) {
      const scalar alpha = alpha_.get(c);
      // The inverse of a smaller number may be infinite.
      inverse_.set(c, std::abs(alpha) < std::numeric_limits<scalar>::min() ? 0 : 1 / alpha);
    }
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    const R wave = B::math_policy::template sin<B>(x * at(alpha_));
    return B::fma(wave, wave * at(inverse_), x);
  }

 private:
  detail::PerChannel<B, Size> alpha_, inverse_;
};

}  // namespace inlay::INLAY_ISA

/// Snake, SnakeBeta: y = x + sin^2(alpha x) / beta, with trained alpha and beta.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <type_traits>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Periodic activation y = x + sin^2(alpha x) / beta, per channel, where beta = alpha (Ziyin, Hartwig, Ueda, 2020) or
/// is trained, too (BigVGAN, 2022). Common in vocoders and codecs.
///
/// Tensors: `alpha` [Size]; `beta` [Size] if `HasBeta`. y = x if beta is 0. Implementations that divide by beta + 1e-9
/// give the same result, unless beta is about that small. Files of implementations that train the logarithms of alpha
/// and beta store alpha and beta.
///
/// The sine is accurate for |alpha x| up to 50,000 in float and 3,000,000 in double. Beyond that it is a number in [-1,
/// 1].
template <std::size_t Size, bool HasBeta, Backend B>
class BasicSnake : public Pointwise<BasicSnake<Size, HasBeta, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "snake";
  static constexpr std::size_t parameters = HasBeta ? 2 * Size : Size;

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    if constexpr (Size == dynamic) alpha_.resize(this->size_), inverse_.resize(this->size_);
    v.tensor("alpha", alpha_);
    if constexpr (HasBeta) {
      if constexpr (Size == dynamic) beta_.resize(this->size_);
      v.tensor("beta", beta_);
    }
    if constexpr (Size == dynamic) inverse_.allocate();
  }

  constexpr void prepare() noexcept {
    for (std::size_t c = 0; c < this->size_; ++c) {
      scalar beta = alpha_.get(c);
      if constexpr (HasBeta) beta = beta_.get(c);
      // The inverse of a smaller number may be infinite.
      inverse_.set(c, std::abs(beta) < std::numeric_limits<scalar>::min() ? 0 : 1 / beta);
    }
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    const R wave = B::math_policy::template sin<B>(x * at(alpha_));
    return B::fma(wave, wave * at(inverse_), x);
  }

 private:
  detail::PerChannel<B, Size> alpha_, inverse_;
  struct None {};
  INLAY_NO_ADDRESS std::conditional_t<HasBeta, detail::PerChannel<B, Size>, None> beta_;
};

/// y = x + sin^2(alpha x) / alpha. See `BasicSnake`.
template <std::size_t Size, Backend B = default_backend>
using Snake = BasicSnake<Size, false, B>;

/// y = x + sin^2(alpha x) / beta. See `BasicSnake`.
template <std::size_t Size, Backend B = default_backend>
using SnakeBeta = BasicSnake<Size, true, B>;

}  // namespace inlay::INLAY_ISA

/// Affine: y = scale x + shift.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Multiplication by a constant and addition of another: y = scale x + shift. Tensors: `scale`, `shift` [Count], one
/// per channel or one for all. Cost per frame: Size multiply-accumulates.
template <std::size_t Size, std::size_t Count, Backend B>
class BasicAffine : public Pointwise<BasicAffine<Size, Count, B>, Size, B> {
 public:
  static constexpr std::string_view type = "affine";
  static constexpr std::size_t parameters = 2 * Count, macs = Size;
  constexpr LayerShape shape() const noexcept { return {.in = this->size_, .out = this->size_, .macs = this->size_}; }

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    if constexpr (Size == dynamic) scale_.resize(this->size_), shift_.resize(this->size_);
    v.tensor("scale", scale_);
    v.tensor("shift", shift_);
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    return B::fma(x, at(scale_), at(shift_));
  }

 private:
  detail::PerChannel<B, Size, Count> scale_, shift_;
};

/// One scale and one shift per channel. PyTorch: x * a + b with tensors of constants. See `BasicAffine`.
template <std::size_t Size, Backend B = default_backend>
using Affine = BasicAffine<Size, Size, B>;

/// One scale and one shift for all channels. Keras: Rescaling. See `BasicAffine`.
template <std::size_t Size, Backend B = default_backend>
using SharedAffine = BasicAffine<Size, 1, B>;

}  // namespace inlay::INLAY_ISA

/// PReLU: leaky rectifier with a trained slope.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Leaky rectifier, per channel: y = x if x > 0, else alpha x. Tensor: `alpha` [Slopes], one per channel or one for
/// all.
template <std::size_t Size, std::size_t Slopes, Backend B>
class BasicPReLU : public Pointwise<BasicPReLU<Size, Slopes, B>, Size, B> {
 public:
  static constexpr std::string_view type = "prelu";
  static constexpr std::size_t parameters = Slopes;

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    if constexpr (Size == dynamic) alpha_.resize(this->size_);
    v.tensor("alpha", alpha_);
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    return B::if_less(x, at(0), x * at(alpha_), x);
  }

 private:
  detail::PerChannel<B, Size, Slopes> alpha_;
};

/// One slope per channel. PyTorch: PReLU(Size). Keras: PReLU with shared_axes=[1]. See `BasicPReLU`.
template <std::size_t Size, Backend B = default_backend>
using PReLU = BasicPReLU<Size, Size, B>;

/// One slope for all channels. PyTorch: PReLU(). See `BasicPReLU`.
template <std::size_t Size, Backend B = default_backend>
using SharedPReLU = BasicPReLU<Size, 1, B>;

}  // namespace inlay::INLAY_ISA

/// FiLM: feature-wise linear modulation by the condition.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/combinators/conditioned.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/layers/dense.hpp"

namespace inlay::INLAY_ISA {

/// Feature-wise linear modulation (Perez et al., 2018): y = scale x + shift with (scale, shift) = F(condition), F being
/// the chain of `Layers`, of 2 `Size` channels out. If F has `Size` channels out, y = scale x.
///
/// In a file: `layers`.
template <std::size_t Size, Layer... Layers>
class BasicFiLM : public detail::Conditioned<BasicFiLM<Size, Layers...>, Size, detail::Chain<Layers...>,
                                             detail::Chain<Layers...>::out_size == Size ? 1 : 2> {
 public:
  static constexpr std::string_view type = "film";
  static constexpr bool is_sum = false;
  template <class B, class R>
  static INLAY_INLINE R apply(R x, R scale, R shift) noexcept {
    return B::fma(x, scale, shift);
  }
  template <class B, class R>
  static INLAY_INLINE R apply(R x, R scale) noexcept {
    return x * scale;
  }
};

/// FiLM by one Dense layer: (scale, shift) = W condition + b. See `BasicFiLM`.
template <std::size_t Size, std::size_t ConditionSize, Backend B = default_backend>
using FiLM = BasicFiLM<Size, Dense<ConditionSize, 2 * Size, B>>;

}  // namespace inlay::INLAY_ISA

/// FiLM: feature-wise linear modulation by the condition.
#pragma once

#include <cstddef>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/combined.hpp"
#include "inlay/combinators/formula.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/layers/dense.hpp"

namespace inlay::INLAY_ISA {

namespace formula {
struct FiLM : Combinator<"film", "layers"> {
  static constexpr std::size_t in_per_size = 1;
  static constexpr bool in_place = true;
  static constexpr auto y = modulate(x, f<0>(condition));
};
}  // namespace formula

/// Feature-wise linear modulation (Perez et al., 2018): y = scale x + shift with (scale, shift) = F(condition), F being
/// the chain of `Layers`, of 2 `Size` channels out. If F has `Size` channels out, y = scale x.
///
/// In a file: `size` and `layers`.
template <std::size_t Size, Layer... Layers>
class BasicFiLM : public detail::Combined<formula::FiLM, detail::BackendOf<detail::Chain<Layers...>>, Size, 0,
                                          detail::Chain<Layers...>> {
  static_assert(detail::Chain<Layers...>::out_size == Size || detail::Chain<Layers...>::out_size == 2 * Size,
                "inlay: the layers of FiLM must have Size output channels (scale) or 2 Size (scale and shift)");

 public:
  /// F as a `Sequential`.
  constexpr auto& layers() noexcept { return this->template chain<0>(); }
};

/// FiLM by one Dense layer: (scale, shift) = W condition + b. See `BasicFiLM`.
template <std::size_t Size, std::size_t ConditionSize, Backend B = default_backend>
using FiLM = BasicFiLM<Size, Dense<ConditionSize, 2 * Size, B>>;

}  // namespace inlay::INLAY_ISA

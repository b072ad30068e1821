/// Mixin: y = x + F(condition).
#pragma once

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/combined.hpp"
#include "inlay/combinators/formula.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/layers/dense.hpp"

namespace inlay::INLAY_ISA {

namespace formula {
struct Mixin : Combinator<"mixin", "layers"> {
  static constexpr std::size_t in_per_size = 1;
  static constexpr bool in_place = true;
  static constexpr auto y = x + f<0>(condition);
};
}  // namespace formula

/// Adds a function of the condition: y = x + F(condition), F being the chain of `Layers`. WaveNet feeds its input to
/// every layer in this way.
///
/// In a file: `size` and `layers`.
template <Layer... Layers>
class Mixin : public detail::Combined<formula::Mixin, detail::BackendOf<detail::Chain<Layers...>>,
                                      detail::Chain<Layers...>::out_size, 0, detail::Chain<Layers...>> {
 public:
  /// F as a `Sequential`.
  constexpr auto& layers() noexcept { return this->template chain<0>(); }
};

namespace detail {
template <std::size_t In, std::size_t Out, Backend B>
struct MixedProduct<Mixin<BasicDense<In, Out, false, B>>> {
  static constexpr bool exists = true;
  static INLAY_INLINE const auto& of(const Mixin<BasicDense<In, Out, false, B>>& mixin) noexcept {
    return mixin.template chain<0>().template layer<0>().kernel();
  }
};
}  // namespace detail

}  // namespace inlay::INLAY_ISA

/// Residual: y = x + F(x).
#pragma once

#include "inlay/combinators/branches.hpp"
#include "inlay/combinators/combined.hpp"
#include "inlay/combinators/formula.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/layers/identity.hpp"

namespace inlay::INLAY_ISA {

namespace formula {
struct Residual : Combinator<"residual", "layers"> {
  static constexpr auto y = x + f<0>(x);
};
}  // namespace formula

/// Residual connection: y = x + F(x), F being the chain of `Layers`, with equal input and output sizes. For unequal
/// sizes use a shortcut branch: `Parallel<Dense<4, 8>, Sequential<...>>`.
///
/// In a file: `layers`.
template <Layer... Layers>
class Residual : public detail::CombinedOf<formula::Residual, detail::Chain<Layers...>> {
  using Body = detail::Chain<Layers...>;
  using Input = Identity<Body::in_size, detail::BackendOf<Body>>;
  static_assert(sizeof(detail::BranchMatchesFirst<1, Body, Input>) > 0);
  static_assert(sizeof(detail::SameOutputSize<1, Body::out_size, Input::out_size>) > 0);

 public:
  /// F as a `Sequential`.
  constexpr Body& layers() noexcept { return this->template chain<0>(); }
};

}  // namespace inlay::INLAY_ISA

/// Sine: y = sin(omega x).
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Sine, per channel: y = sin(omega x), the activation of SIREN (Sitzmann, Martel, Bergman, Lindell, Wetzstein, 2020).
/// Number: `omega`, 1 by default. PyTorch: torch.sin.
///
/// Accurate for |omega x| up to 50,000 in float and 3,000,000 in double. Beyond that it is a number in [-1, 1].
template <std::size_t Size, Backend B = default_backend>
class Sine : public Pointwise<Sine<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "sine";

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    v.number("omega", omega);
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    return B::math_policy::template sin<B>(x * at(omega));
  }

  scalar omega = 1;
};

}  // namespace inlay::INLAY_ISA

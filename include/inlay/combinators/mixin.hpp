/// Mixin: y = x + F(condition).
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/combinators/conditioned.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

/// Adds a function of the condition: y = x + F(condition), F being the chain of `Layers`. WaveNet feeds its input to
/// every layer in this way.
///
/// In a file: `layers`.
template <Layer... Layers>
class Mixin
    : public detail::Conditioned<Mixin<Layers...>, detail::Chain<Layers...>::out_size, detail::Chain<Layers...>, 1> {
 public:
  static constexpr std::string_view type = "mixin";
  static constexpr bool is_sum = true;
  template <class B, class R>
  static INLAY_INLINE R apply(R x, R shift) noexcept {
    return x + shift;
  }
};

}  // namespace inlay::INLAY_ISA

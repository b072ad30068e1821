/// SiLU: y = x / (1 + e^-x).
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"
#include "inlay/layers/self_gated.hpp"

namespace inlay::INLAY_ISA {

/// Sigmoid linear unit, also called swish: y = x / (1 + e^-x), per channel. PyTorch: SiLU. Keras: silu (swish).
template <std::size_t Size, Backend B = default_backend>
class SiLU : public Pointwise<SiLU<Size, B>, Size, B> {
 public:
  static constexpr std::string_view type = "silu";

  template <class R>
  static INLAY_INLINE R apply(R x, auto) noexcept {
    return detail::self_gated<B>(x, B::math_policy::template sigmoid_relative<B>(x));
  }
};

}  // namespace inlay::INLAY_ISA

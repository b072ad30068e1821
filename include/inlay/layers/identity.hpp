/// Identity: y = x.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// y = x, for a branch without layers. PyTorch: Identity. Keras: activation 'linear'.
template <std::size_t Size, Backend B = default_backend>
class Identity : public Pointwise<Identity<Size, B>, Size, B> {
 public:
  static constexpr std::string_view type = "identity";
  static constexpr bool is_identity = true;

  template <class R>
  INLAY_INLINE R apply(R x, auto) const noexcept {
    return x;
  }
};

}  // namespace inlay::INLAY_ISA

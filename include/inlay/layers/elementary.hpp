/// Abs, Exp, Sqrt, Square: elementary functions.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"
#include "inlay/math/square_root.hpp"

namespace inlay::INLAY_ISA {

/// Magnitude, per channel: y = |x|. PyTorch: torch.abs.
template <std::size_t Size, Backend B = default_backend>
class Abs : public Pointwise<Abs<Size, B>, Size, B> {
 public:
  static constexpr std::string_view type = "abs";

  template <class R>
  static INLAY_INLINE R apply(R x, auto at) noexcept {
    return B::max(at(0) - x, x);
  }
};

/// Exponential function, per channel: y = e^x. PyTorch: torch.exp. Keras: exponential.
template <std::size_t Size, Backend B = default_backend>
class Exp : public Pointwise<Exp<Size, B>, Size, B> {
 public:
  static constexpr std::string_view type = "exp";

  template <class R>
  static INLAY_INLINE R apply(R x, auto) noexcept {
    return B::math_policy::template exp<B>(x);
  }
};

/// Square root, per channel: NaN below 0. PyTorch: torch.sqrt.
template <std::size_t Size, Backend B = default_backend>
class Sqrt : public Pointwise<Sqrt<Size, B>, Size, B> {
 public:
  static constexpr std::string_view type = "sqrt";

  template <class R>
  static INLAY_INLINE R apply(R x, auto) noexcept {
    return math::square_root<B>(x);
  }
};

/// Square, per channel: y = x^2. PyTorch: torch.square, x ** 2.
template <std::size_t Size, Backend B = default_backend>
class Square : public Pointwise<Square<Size, B>, Size, B> {
 public:
  static constexpr std::string_view type = "square";

  template <class R>
  static INLAY_INLINE R apply(R x, auto) noexcept {
    return x * x;
  }
};

}  // namespace inlay::INLAY_ISA

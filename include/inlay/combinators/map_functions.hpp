/// Elementwise functions of combinators, each a function of registers.
#pragma once

#include "inlay/core/compiler.hpp"

namespace inlay {

/// The functions below, for the planner of a run-time model.
enum class MapFunction {
  sum,       ///< a + b
  product,   ///< a b
  blend,     ///< x + gate (activated - x); inputs: x, activated, gate
  modulate,  ///< x scale + shift
};

}  // namespace inlay

namespace inlay::INLAY_ISA::formula {

struct Sum {
  static constexpr auto planned = MapFunction::sum;
  template <class B, class R>
  static INLAY_INLINE R of(R a, R b) noexcept {
    return a + b;
  }
};
struct Product {
  static constexpr auto planned = MapFunction::product;
  template <class B, class R>
  static INLAY_INLINE R of(R a, R b) noexcept {
    return a * b;
  }
};
struct Blended {
  static constexpr auto planned = MapFunction::blend;
  template <class B, class R>
  static INLAY_INLINE R of(R x, R activated, R gate) noexcept {
    return B::fma(gate, activated - x, x);
  }
};
struct Modulated {
  static constexpr auto planned = MapFunction::modulate;
  template <class B, class R>
  static INLAY_INLINE R of(R x, R scale, R shift) noexcept {
    return B::fma(x, scale, shift);
  }
};

/// A function as a function object.
template <class Function, class B>
inline constexpr auto of_registers = [](auto... x) INLAY_INLINE_LAMBDA { return Function::template of<B>(x...); };

}  // namespace inlay::INLAY_ISA::formula

/// Gate, Blend, Gated: gated activations.
#pragma once

#include <cstddef>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/combined.hpp"
#include "inlay/combinators/formula.hpp"
#include "inlay/combinators/parallel.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/sigmoid.hpp"
#include "inlay/layers/tanh.hpp"

namespace inlay::INLAY_ISA {

namespace formula {
struct Gate : Combinator<"gate", "activation", "gate"> {
  static constexpr std::size_t in_per_size = 2;
  static constexpr auto y = pointwise<0>(first_half) * pointwise<1>(second_half);
};
struct Blend : Combinator<"blend", "activation", "gate"> {
  static constexpr std::size_t in_per_size = 2;
  static constexpr auto y = blend(first_half, pointwise<0>(first_half), pointwise<1>(second_half));
};
}  // namespace formula

namespace detail {
template <class Formula, Layer Activation, Layer GateActivation>
class GateOf : public Combined<Formula, BackendOf<Activation>, 2 * Activation::out_size, 0, Sequential<Activation>,
                               Sequential<GateActivation>> {
  static_assert(GateActivation::out_size == Activation::out_size,
                "inlay: the two activations of Gate or Blend must have the same size");
};
}  // namespace detail

/// Gated activation: y = activation(a) gate(b), a and b being the first and second half of the input channels. Both
/// functions are pointwise layers. Gated linear unit: `Identity`, `Sigmoid` (PyTorch GLU). WaveNet: `Tanh`, `Sigmoid`.
///
/// In a file: `size`, `activation` and `gate`, each one layer.
template <Layer Activation, Layer GateActivation>
class Gate : public detail::GateOf<formula::Gate, Activation, GateActivation> {};

/// Blends an activation with its input: y = w activation(a) + (1 - w) a with w = gate(b), a and b being the first and
/// second half of the input channels, as in a highway network. Both functions are pointwise layers.
///
/// In a file: `size`, `activation` and `gate`, each one layer.
template <Layer Activation, Layer GateActivation>
class Blend : public detail::GateOf<formula::Blend, Activation, GateActivation> {};

/// y = tanh(A(x)) sigmoid(B(x)), or with other activations.
template <Layer A, Layer B, Layer Activation = Tanh<A::out_size, detail::BackendOf<A>>,
          Layer GateActivation = Sigmoid<B::out_size, detail::BackendOf<B>>>
using Gated = Sequential<Concat<A, B>, Gate<Activation, GateActivation>>;

}  // namespace inlay::INLAY_ISA

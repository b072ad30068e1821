/// Gate, Blend, Gated: gated activations.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/parallel.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/layers/pointwise.hpp"
#include "inlay/layers/sigmoid.hpp"
#include "inlay/layers/tanh.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Base of `L`, which implements `R mix(R x, R activated, R gate)`: x from the first half of the channels, the gate
/// from the second.
template <class L, Layer Activation, Layer GateActivation>
class GateBase {
  static constexpr std::size_t size = Activation::out_size;
  static_assert(GateActivation::out_size == size,
                "inlay: the two activations of Gate or Blend must have the same size");
  using B = typename Activation::backend;

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {};
  static constexpr std::size_t in_size = 2 * size, out_size = size;
  static constexpr std::size_t receptive_field = 1, macs = 0;
  static constexpr std::size_t parameters = Activation::parameters + GateActivation::parameters;
  static constexpr std::size_t frame_unit = alignment / sizeof(scalar);

  void visit(auto& v) {
    v.option("size", size);
    v.chain("activation", activation_);
    v.chain("gate", gate_);
  }
  void reset(State&) const noexcept {}

  INLAY_INLINE void forward(State&, const scalar* in, scalar* out) const noexcept {
    constexpr std::size_t lanes = B::lanes(size);
    for (std::size_t c = 0; c < size; c += lanes) {
      const auto x = B::template load<lanes>(in + c), g = B::template load<lanes>(in + size + c);
      B::store(out + c, step(x, g, LanesAcrossChannels<B, lanes>{c}));
    }
  }
  void process(State&, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    for (std::size_t c = 0; c < size; ++c)
      for (std::size_t t = 0; t < frames; t += B::width) {
        const auto x = B::template load<B::width>(in.row(c) + t), g = B::template load<B::width>(in.row(size + c) + t);
        B::store(out.row(c) + t, step(x, g, LanesAcrossFrames<B>{c}));
      }
  }

 private:
  template <class R>
  INLAY_INLINE R step(R x, R g, auto at) const noexcept {
    return L::template mix<B>(x, activation_.template layer<0>().apply(x, at), gate_.template layer<0>().apply(g, at));
  }

  Sequential<Activation> activation_;
  Sequential<GateActivation> gate_;
};

}  // namespace detail

/// Gated activation: y = activation(a) gate(b), a and b being the first and second half of the input channels. Both
/// functions are pointwise layers. Gated linear unit: `Identity`, `Sigmoid` (PyTorch GLU). WaveNet: `Tanh`, `Sigmoid`.
///
/// In a file: `activation` and `gate`, each one layer.
template <Layer Activation, Layer GateActivation>
class Gate : public detail::GateBase<Gate<Activation, GateActivation>, Activation, GateActivation> {
 public:
  static constexpr std::string_view type = "gate";
  template <class B, class R>
  static INLAY_INLINE R mix(R, R activated, R gate) noexcept {
    return activated * gate;
  }
};

/// Blends an activation with its input: y = w activation(a) + (1 - w) a with w = gate(b), a and b being the first and
/// second half of the input channels, as in a highway network. Both functions are pointwise layers.
///
/// In a file: `activation` and `gate`, each one layer.
template <Layer Activation, Layer GateActivation>
class Blend : public detail::GateBase<Blend<Activation, GateActivation>, Activation, GateActivation> {
 public:
  static constexpr std::string_view type = "blend";
  template <class B, class R>
  static INLAY_INLINE R mix(R x, R activated, R gate) noexcept {
    return B::fma(gate, activated - x, x);
  }
};

/// y = tanh(A(x)) sigmoid(B(x)), or with other activations.
template <Layer A, Layer B, Layer Activation = Tanh<A::out_size, detail::BackendOf<A>>,
          Layer GateActivation = Sigmoid<B::out_size, detail::BackendOf<B>>>
using Gated = Sequential<Concat<A, B>, Gate<Activation, GateActivation>>;

}  // namespace inlay::INLAY_ISA

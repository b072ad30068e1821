/// LSTM: long short-term memory layer.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "inlay/backend/choice.hpp"
#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/panel_accumulator.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/layers/gates.hpp"
#include "inlay/layers/recurrent.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// The end of an LSTM's step, for the units of one panel: c' = gate(f) c + gate(i) tanh(g), out = gate(o) tanh(c'). `z`
/// are the sums of the gates i, f, g, o of each voice. `cell` and `out` are the first values of each voice.
template <class B, class Rows, std::size_t Voices>
INLAY_INLINE void update_cells(const auto& gates, const Rows (&z)[Voices][4], std::size_t row,
                               const std::array<typename B::scalar*, Voices>& cell,
                               const std::array<typename B::scalar*, Voices>& out) noexcept {
  gates.select([&](const auto& gate) INLAY_INLINE_LAMBDA {
    Rows::template each_of<Voices>([&](std::size_t v, std::size_t r) INLAY_INLINE_LAMBDA {
      using Math = typename B::math_policy;
      const std::size_t unit = row + r * Rows::lanes;
      auto* const c = cell[v] + unit;
      const auto i = gate.template apply<B>(z[v][0].r[r]);
      const auto f = gate.template apply<B>(z[v][1].r[r]);
      const auto g = Math::template tanh<B>(z[v][2].r[r]);
      const auto o = gate.template apply<B>(z[v][3].r[r]);
      const auto c_new = B::fma(f, B::template load<Rows::lanes>(c), compiler::opaque(i * g));
      B::store(c, c_new);
      B::store(out[v] + unit, o * Math::template tanh<B>(c_new));
    });
  });
}

}  // namespace detail

/// Long short-term memory, `In` channels to `Out` units. Returns the hidden state h' at every frame:
///
///     [i f g o] = W x + U h + b
///     c' = gate(f) c + gate(i) tanh(g)
///     h' = gate(o) tanh(c')
///
/// Tensors, in gate order i, f, g, o: `kernel` W [In, 4 Out], `recurrent_kernel` U [Out, 4 Out], `bias` b [4 Out].
///
/// PyTorch: LSTM, one layer, with bias_ih + bias_hh as `bias`, the same gate order. Keras: LSTM with
/// return_sequences=True, the same layout. Cost per frame: 4 Out (In + Out) multiply-accumulates. State: h (two copies)
/// and c.
template <std::size_t In, std::size_t Out, class Gate, Backend B>
class BasicLSTM : public detail::Recurrent<BasicLSTM<In, Out, Gate, B>, B, In, Out> {
  template <class Inner>
  using Gates = detail::ScaledGates<Inner, 4, 2, Gate>;
  using Kernel = Matrix<B, In, Out, 4>;
  using RecurrentKernel = Matrix<B, Out, Out, 4>;
  using Hidden = detail::Hidden<B, Out>;

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    /// Buffers that carry over from one step to the next, padded to whole registers. Used by `RateCorrected`
    /// and `InitialState`.
    std::array<scalar*, 2> memory() noexcept { return {hidden.current(), cell.data()}; }

    Hidden hidden;
    detail::PerUnit<B, Out> cell;
  };
  static constexpr std::string_view type = "lstm";
  static constexpr std::size_t in_size = In, out_size = Out, cell_size = Out;
  static constexpr std::size_t receptive_field = unbounded;
  static constexpr std::size_t gate_count = 4;
  static constexpr std::size_t macs = (In + Out) * gate_count * Out;
  static constexpr std::size_t parameters = macs + 4 * Out;
  static constexpr bool interleaves_voices = Out != dynamic && detail::interleaving_is_faster<Kernel>(macs);

  constexpr void visit(auto& v) {
    v.option("in", this->in_);
    v.option("out", this->out_);
    detail::visit_gate(v, gate_);
    if constexpr (Out == dynamic) resize();
    v.tensor("kernel", kernel_);
    v.tensor("recurrent_kernel", recurrent_kernel_);
    v.tensor("bias", bias_);
  }
  constexpr std::size_t cells() const noexcept { return this->out_; }

  void resize(State& state) const
    requires(Out == dynamic)
  {
    state.hidden.resize(this->out_);
    state.cell.resize(state.hidden.padded());
  }
  void reset(State& state) const noexcept {
    state.hidden.clear();
    state.cell.clear();
  }

  /// Computes one frame of each voice. Channel c of voice v is read at x[v][c * stride]. Returns pointers to the
  /// outputs.
  template <std::size_t Voices>
  INLAY_INLINE auto step(const std::array<State*, Voices>& states, const std::array<const scalar*, Voices>& x,
                         std::size_t stride) const noexcept {
    const detail::HiddenDoubleBuffer<scalar, Voices> h(states);
    std::array<scalar*, Voices> cell;
    for (std::size_t v = 0; v < Voices; ++v) cell[v] = states[v]->cell.data();
    recurrent_kernel_.for_panels([]<std::size_t Height>(std::size_t row, const BasicLSTM* layer, auto... args)
                                     INLAY_INLINE_LAMBDA { layer->template step_panel<Height>(row, args...); },
                                 this, h, x, stride, cell);
    return h.outputs();
  }

 private:
  template <std::size_t Height, std::size_t Voices>
  INLAY_INLINE void step_panel(std::size_t row, const detail::HiddenDoubleBuffer<scalar, Voices>& h,
                               const std::array<const scalar*, Voices>& x, std::size_t stride,
                               const std::array<scalar*, Voices>& cell) const noexcept {
    using Rows = Pack<B, Height>;
    Rows z[Voices][4];
    repeat_pairs<Voices, 4>([&](std::size_t v, std::size_t gate)
                                INLAY_INLINE_LAMBDA { z[v][gate] = Rows::load(bias_.data(gate) + row); });
    accumulate(this->in_, z, static_cast<const Kernel&>(kernel_), row, x, stride);
    accumulate(this->out_, z, static_cast<const RecurrentKernel&>(recurrent_kernel_), row, h.now);
    detail::update_cells<B, Rows>(gate_, z, row, cell, h.next);
  }

  void resize() {
    kernel_.resize(this->in_, this->out_);
    recurrent_kernel_.resize(this->out_, this->out_);
    bias_.resize(this->out_);
  }

  INLAY_NO_ADDRESS Gate gate_;
  Gates<Kernel> kernel_;
  Gates<RecurrentKernel> recurrent_kernel_;
  Gates<Vector<B, Out, 4>> bias_;
};

/// LSTM with sigmoid gates. See `BasicLSTM`.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
using LSTM = BasicLSTM<In, Out, SigmoidGate, backend_for<B, Work::lstm, Out>>;

/// LSTM with hard-sigmoid gates, clip(z / 6 + 0.5, 0, 1). Keras 3: recurrent_activation='hard_sigmoid'.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
using HardSigmoidLSTM = BasicLSTM<In, Out, HardSigmoidGate, backend_for<B, Work::lstm, Out>>;

/// LSTM with hard-sigmoid gates, clip(0.2 z + 0.5, 0, 1). Keras 1 and 2: recurrent_activation='hard_sigmoid'.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
using HardSigmoidKeras2LSTM = BasicLSTM<In, Out, HardSigmoidKeras2Gate, backend_for<B, Work::lstm, Out>>;

}  // namespace inlay::INLAY_ISA

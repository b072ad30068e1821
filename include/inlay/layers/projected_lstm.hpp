/// ProjectedLSTM: long short-term memory layer whose hidden state is projected to fewer channels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inlay/backend/choice.hpp"
#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/panel_accumulator.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/layers/gates.hpp"
#include "inlay/layers/lstm.hpp"
#include "inlay/layers/recurrent.hpp"

namespace inlay::INLAY_ISA {

/// Long short-term memory with a projection, `In` channels to `Units` units to `Out` channels. Returns the hidden state
/// h' at every frame:
///
///     [i f g o] = W x + U h + b
///     c' = gate(f) c + gate(i) tanh(g)
///     h' = P (gate(o) tanh(c'))
///
/// Tensors, in gate order i, f, g, o: `kernel` W [In, 4 Units], `recurrent_kernel` U [Out, 4 Units], `bias` b
/// [4 Units], `projection` P [Units, Out].
///
/// PyTorch: LSTM with hidden_size=Units and proj_size=Out, one layer, with bias_ih + bias_hh as `bias`. Keras has none.
/// Cost per frame: 4 Units (In + Out) + Units Out multiply-accumulates. State: h (two copies) and c.
template <std::size_t In, std::size_t Units, std::size_t Out, class Gate, Backend B>
class BasicProjectedLSTM : public detail::Recurrent<BasicProjectedLSTM<In, Units, Out, Gate, B>, B, In, Out> {
  template <class Inner>
  using Gates = detail::ScaledGates<Inner, 4, 2, Gate>;
  // Panels of one register, to save compile time: files of dynamic size rarely have projections.
  static constexpr std::size_t most_units = Out == dynamic ? 1 : unbounded;
  using Kernel = Matrix<B, In, Units, 4, most_units>;
  using RecurrentKernel = Matrix<B, Out, Units, 4, most_units>;
  using Projection = Matrix<B, Units, Out, 1, most_units>;
  using PerUnit = detail::PerUnit<B, Units>;
  static constexpr std::size_t gates_macs = Out == dynamic ? 0 : 4 * Units * (In + Out);

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    /// Buffers that carry over from one step to the next, padded to whole registers. Used by `InitialState`.
    std::array<scalar*, 2> memory() noexcept { return {hidden.current(), cell.data()}; }

    detail::Hidden<B, Out> hidden;
    PerUnit cell, output;  ///< `output`: gate(o) tanh(c'), lost after a step
  };
  static constexpr std::string_view type = "projected_lstm";
  static constexpr std::size_t in_size = In, out_size = Out, cell_size = Units;
  static constexpr std::size_t receptive_field = unbounded;
  static constexpr std::size_t gate_count = 4;
  static constexpr std::size_t macs = Out == dynamic ? dynamic : gates_macs + Units * Out;
  static constexpr std::size_t parameters = Out == dynamic ? dynamic : macs + 4 * Units;
  static constexpr bool interleaves_voices = Out != dynamic && detail::interleaving_is_faster<Kernel>(macs);

  constexpr void visit(auto& v) {
    v.option("in", this->in_);
    v.option("units", units_);
    v.option("out", this->out_);
    detail::visit_gate(v, gate_);
    if constexpr (Out == dynamic) {
      kernel_.resize(this->in_, units_);
      recurrent_kernel_.resize(this->out_, units_);
      bias_.resize(units_);
      projection_.resize(units_, this->out_);
    }
    v.tensor("kernel", kernel_);
    v.tensor("recurrent_kernel", recurrent_kernel_);
    v.tensor("bias", bias_);
    v.tensor("projection", projection_);
  }
  constexpr LayerShape shape() const noexcept {
    const std::uint64_t units = units_, products = 4 * (this->in_ + this->out_) + this->out_;
    return {.in = this->in_, .out = this->out_, .past = unbounded, .macs = bounded(units * products)};
  }
  constexpr std::size_t cells() const noexcept { return units_; }

  void resize(State& state) const
    requires(Out == dynamic)
  {
    state.hidden.resize(this->out_);
    state.cell.resize(bias_.padded());
    state.output.resize(bias_.padded());
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
    std::array<scalar*, Voices> cell, output;
    for (std::size_t v = 0; v < Voices; ++v) {
      cell[v] = states[v]->cell.data();
      output[v] = states[v]->output.data();
    }
    recurrent_kernel_.for_panels([]<std::size_t Height>(std::size_t row, const BasicProjectedLSTM* layer, auto... args)
                                     INLAY_INLINE_LAMBDA { layer->template step_gates<Height>(row, args...); },
                                 this, h, x, stride, cell, output);
    projection_.for_panels([]<std::size_t Height>(std::size_t row, const BasicProjectedLSTM* layer, auto... args)
                               INLAY_INLINE_LAMBDA { layer->template project<Height>(row, args...); },
                           this, h, output);
    return h.outputs();
  }

 private:
  template <std::size_t Height, std::size_t Voices>
  INLAY_INLINE void step_gates(std::size_t row, const detail::HiddenDoubleBuffer<scalar, Voices>& h,
                               const std::array<const scalar*, Voices>& x, std::size_t stride,
                               const std::array<scalar*, Voices>& cell,
                               const std::array<scalar*, Voices>& output) const noexcept {
    using Rows = Pack<B, Height>;
    Rows z[Voices][4];
    repeat_pairs<Voices, 4>([&](std::size_t v, std::size_t gate)
                                INLAY_INLINE_LAMBDA { z[v][gate] = Rows::load(bias_.data(gate) + row); });
    accumulate(this->in_, z, static_cast<const Kernel&>(kernel_), row, x, stride);
    accumulate(this->out_, z, static_cast<const RecurrentKernel&>(recurrent_kernel_), row, h.now);
    detail::update_cells<B, Rows>(gate_, z, row, cell, output);
  }
  template <std::size_t Height, std::size_t Voices>
  INLAY_INLINE void project(std::size_t row, const detail::HiddenDoubleBuffer<scalar, Voices>& h,
                            const std::array<scalar*, Voices>& output) const noexcept {
    using Rows = Pack<B, Height>;
    Rows sums[Voices][1];
    std::array<const scalar*, Voices> from;
    repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA {
      sums[v][0] = Rows::broadcast(scalar(0));
      from[v] = output[v];
    });
    accumulate(units_, sums, projection_, row, from);
    repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA { sums[v][0].store(h.next[v] + row); });
  }

  INLAY_NO_ADDRESS Gate gate_;
  INLAY_NO_ADDRESS Extent<Units, struct OfUnits> units_;
  Gates<Kernel> kernel_;
  Gates<RecurrentKernel> recurrent_kernel_;
  Gates<Vector<B, Units, 4>> bias_;
  Projection projection_;
};

/// LSTM with sigmoid gates and a projection, PyTorch's LSTM with proj_size. See `BasicProjectedLSTM`.
template <std::size_t In, std::size_t Units, std::size_t Out, Backend B = default_backend>
using ProjectedLSTM = BasicProjectedLSTM<In, Units, Out, SigmoidGate, backend_for<B, Work::lstm, Units>>;

}  // namespace inlay::INLAY_ISA

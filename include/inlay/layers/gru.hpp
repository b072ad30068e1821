/// GRU: gated recurrent unit layer.
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
#include "inlay/layers/split_gates.hpp"
#include "inlay/layers/two_biases.hpp"

namespace inlay::INLAY_ISA {

/// Gated recurrent unit, `In` channels to `Out` units. Returns the hidden state h' at every frame:
///
///     z, r = gate(W x + U h + b)
///     n    = tanh(W x + b[0] + r (U h + b[1]))    with ResetAfter
///     n    = tanh(W x + b + U (r h))              without
///     h'   = z h + (1 - z) n
///
/// Tensors, in gate order z, r, n: `kernel` W [In, 3 Out], `recurrent_kernel` U [Out, 3 Out], `bias` b. With
/// `ResetAfter` the bias is [2, 3 Out], its rows added to W x and to U h; without it is [3 Out].
///
/// PyTorch: GRU, one layer, `ResetAfter`; its gate order is r, z, n. Keras: GRU with return_sequences=True and
/// reset_after=ResetAfter, the same layout. Cost per frame: 3 Out (In + Out) multiply-accumulates. State: h (two
/// copies).
template <std::size_t In, std::size_t Out, bool ResetAfter, class Gate, Backend B>
class BasicGRU : public detail::Recurrent<BasicGRU<In, Out, ResetAfter, Gate, B>, B, In, Out> {
  template <class Inner>
  using Gates = detail::ScaledGates<Inner, 3, 2, Gate>;
  // Panels of one register, to save compile time: files of dynamic size rarely have reset_after=False.
  static constexpr std::size_t most_units = Out == dynamic && !ResetAfter ? 1 : unbounded;
  using Kernel = Matrix<B, In, Out, 3, most_units>;
  using RecurrentZR = Matrix<B, Out, Out, 2, most_units>;
  using RecurrentN = Matrix<B, Out, Out, 1, most_units>;
  using RecurrentKernel =
      std::conditional_t<ResetAfter, Matrix<B, Out, Out, 3>, detail::SplitGates<RecurrentZR, RecurrentN>>;
  using BiasRow = Vector<B, Out, 3>;
  using Bias = std::conditional_t<ResetAfter, detail::TwoBiases<BiasRow>, BiasRow>;
  using Hidden = detail::Hidden<B, Out>;

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    /// Buffers that carry over from one step to the next, padded to whole registers. Used by `RateCorrected`
    /// and `InitialState`.
    std::array<scalar*, 1> memory() noexcept { return {hidden.current()}; }

    Hidden hidden;
    /// Intermediate results of `step_reset_before`: the sums of W x + b; the update gate z and r h.
    std::array<detail::PerUnit<B, Out>, ResetAfter ? 0 : 3> input;
    std::array<detail::PerUnit<B, Out>, ResetAfter ? 0 : 2> gates;
  };
  static constexpr std::string_view type = "gru";
  static constexpr std::size_t in_size = In, out_size = Out;
  static constexpr std::size_t receptive_field = unbounded;
  static constexpr std::size_t gate_count = 3;
  static constexpr std::size_t macs = (In + Out) * gate_count * Out;
  static constexpr std::size_t parameters = macs + (ResetAfter ? 6 : 3) * Out;
  static constexpr bool interleaves_voices = Out != dynamic && detail::interleaving_is_faster<Kernel>(macs);

  constexpr void visit(auto& v) {
    v.option("in", this->in_);
    v.option("out", this->out_);
    v.option("reset_after", ResetAfter);
    detail::visit_gate(v, gate_);
    if constexpr (Out == dynamic) resize();
    v.tensor("kernel", kernel_);
    v.tensor("recurrent_kernel", recurrent_kernel_);
    v.tensor("bias", bias_);
  }

  void resize(State& state) const
    requires(Out == dynamic)
  {
    state.hidden.resize(this->out_);
    for (auto& values : state.input) values.resize(state.hidden.padded());
    for (auto& values : state.gates) values.resize(state.hidden.padded());
  }
  void reset(State& state) const noexcept { state.hidden.clear(); }

  /// Computes one frame of each voice. Channel c of voice v is read at x[v][c * stride]. Returns pointers to the
  /// outputs.
  template <std::size_t Voices>
  INLAY_INLINE auto step(const std::array<State*, Voices>& states, const std::array<const scalar*, Voices>& x,
                         std::size_t stride) const noexcept {
    const detail::HiddenDoubleBuffer<scalar, Voices> h(states);
    if constexpr (ResetAfter)
      kernel_.for_panels([]<std::size_t Height>(std::size_t row, const BasicGRU* layer, auto... args)
                             INLAY_INLINE_LAMBDA { layer->template step_reset_after<Height>(row, args...); },
                         this, h, x, stride);
    else
      for (std::size_t v = 0; v < Voices; ++v) step_reset_before(*states[v], x[v], stride, h.now[v], h.next[v]);
    return h.outputs();
  }

 private:
  /// z h + (1 - z) n, computed as n + z (h - n).
  template <class R>
  static INLAY_INLINE R mix(R z, R h, R n) noexcept {
    return B::fma(z, h - n, n);
  }

  template <class R>
  static INLAY_INLINE R tanh(R x) noexcept {
    return B::math_policy::template tanh<B>(x);
  }

  template <std::size_t Height, std::size_t Voices>
  INLAY_INLINE void step_reset_after(std::size_t row, const detail::HiddenDoubleBuffer<scalar, Voices>& h,
                                     const std::array<const scalar*, Voices>& x, std::size_t stride) const noexcept {
    using Rows = Pack<B, Height>;
    const auto bias = [&](std::size_t which, std::size_t gate)
                          INLAY_INLINE_LAMBDA { return Rows::load(bias_.row[which].data(gate) + row); };
    Rows input[Voices][3], sums[Voices][3];
    repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA {
      repeat<3>([&](std::size_t gate) INLAY_INLINE_LAMBDA { input[v][gate] = bias(0, gate); });
      input[v][0].add(bias(1, 0));
      input[v][1].add(bias(1, 1));
    });
    accumulate(this->in_, input, static_cast<const Kernel&>(kernel_), row, x, stride);
    repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA {
      sums[v][0] = input[v][0], sums[v][1] = input[v][1], sums[v][2] = bias(1, 2);
    });
    accumulate(this->out_, sums, static_cast<const RecurrentKernel&>(recurrent_kernel_), row, h.now);
    gate_.select([&](const auto& gate) INLAY_INLINE_LAMBDA {
      Rows::template each_of<Voices>([&](std::size_t v, std::size_t i) INLAY_INLINE_LAMBDA {
        const std::size_t unit = row + i * Rows::lanes;
        const auto z = gate.template apply<B>(sums[v][0].r[i]);
        const auto r = gate.template apply<B>(sums[v][1].r[i]);
        const auto n = tanh(B::fma(r, sums[v][2].r[i], input[v][2].r[i]));
        B::store(h.next[v] + unit, mix(z, B::template load<Rows::lanes>(h.now[v] + unit), n));
      });
    });
  }

  /// The candidate n needs r of all units, so the step takes three sweeps, with intermediate sums in memory.
  INLAY_INLINE void step_reset_before(State& state, const scalar* x, std::size_t stride, const scalar* h,
                                      scalar* h_new) const noexcept {
    kernel_.for_panels([]<std::size_t Height>(std::size_t row, const BasicGRU* layer, auto... args)
                           INLAY_INLINE_LAMBDA { layer->template sum_input<Height>(row, args...); },
                       this, &state, x, stride);
    recurrent_kernel_.first_two.for_panels(
        []<std::size_t Height>(std::size_t row, const BasicGRU* layer, auto... args)
            INLAY_INLINE_LAMBDA { layer->template compute_gates<Height>(row, args...); },
        this, &state, h);
    recurrent_kernel_.last.for_panels([]<std::size_t Height>(std::size_t row, const BasicGRU* layer, auto... args)
                                          INLAY_INLINE_LAMBDA { layer->template compute_output<Height>(row, args...); },
                                      this, &state, h, h_new);
  }
  template <std::size_t Height>
  INLAY_INLINE void sum_input(std::size_t row, State* state, const scalar* x, std::size_t stride) const noexcept {
    using Rows = Pack<B, Height>;
    Rows sums[3] = {Rows::load(bias_.data(0) + row), Rows::load(bias_.data(1) + row), Rows::load(bias_.data(2) + row)};
    accumulate(this->in_, sums, static_cast<const Kernel&>(kernel_), row, x, stride);
    repeat<3>([&](std::size_t gate) INLAY_INLINE_LAMBDA { sums[gate].store(state->input[gate].data() + row); });
  }
  template <std::size_t Height>
  INLAY_INLINE void compute_gates(std::size_t row, State* state, const scalar* h) const noexcept {
    using Rows = Pack<B, Height>;
    Rows sums[2] = {Rows::load(state->input[0].data() + row), Rows::load(state->input[1].data() + row)};
    accumulate(this->out_, sums, recurrent_kernel_.first_two, row, h);
    scalar *const update = state->gates[0].data() + row, *const reset_h = state->gates[1].data() + row;
    gate_.select([&](const auto& gate) INLAY_INLINE_LAMBDA {
      Rows::each([&](std::size_t i) INLAY_INLINE_LAMBDA {
        const std::size_t lane = i * Rows::lanes;
        const auto old = B::template load<Rows::lanes>(h + row + lane);
        B::store(update + lane, gate.template apply<B>(sums[0].r[i]));
        B::store(reset_h + lane, gate.template apply<B>(sums[1].r[i]) * old);
      });
    });
  }
  template <std::size_t Height>
  INLAY_INLINE void compute_output(std::size_t row, State* state, const scalar* h, scalar* h_new) const noexcept {
    using Rows = Pack<B, Height>;
    Rows sums[1] = {Rows::load(state->input[2].data() + row)};
    accumulate(this->out_, sums, recurrent_kernel_.last, row, state->gates[1].data());
    const scalar* const update = state->gates[0].data() + row;
    Rows::each([&](std::size_t i) INLAY_INLINE_LAMBDA {
      const std::size_t lane = i * Rows::lanes;
      const auto z = B::template load<Rows::lanes>(update + lane);
      B::store(h_new + row + lane, mix(z, B::template load<Rows::lanes>(h + row + lane), tanh(sums[0].r[i])));
    });
  }

  void resize() {
    kernel_.resize(this->in_, this->out_);
    recurrent_kernel_.resize(this->out_, this->out_);
    bias_.resize(this->out_);
  }

  INLAY_NO_ADDRESS Gate gate_;
  Gates<Kernel> kernel_;
  Gates<RecurrentKernel> recurrent_kernel_;
  Gates<Bias> bias_;
};

/// GRU with sigmoid gates and reset_after=True, as in PyTorch and by default in Keras. See `BasicGRU`.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
using GRU = BasicGRU<In, Out, true, SigmoidGate, backend_for<B, Work::gru, Out>>;

/// GRU with sigmoid gates and Keras's reset_after=False. See `BasicGRU`.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
using ResetBeforeGRU = BasicGRU<In, Out, false, SigmoidGate, backend_for<B, Work::gru, Out>>;

}  // namespace inlay::INLAY_ISA

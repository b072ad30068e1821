/// LRU: linear recurrent unit.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/matrix.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/panel_accumulator.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/layers/recurrent.hpp"

namespace inlay::INLAY_ISA {

/// Linear recurrent unit (Orvieto et al., 2023): `States` complex one-pole filters, each of a mixture of the `In`
/// channels, mixed to `Out` channels:
///
///     x' = lambda x + B u,    y = Re(C x') + D u
///
/// Tensors: `lambda_real`, `lambda_imag` [States]; `b` [In, 2 States], the real parts of B, then the imaginary parts,
/// the normalisation gamma included; `c` [2 States, Out], the real parts of C, then the negative imaginary parts; `d`
/// [In, Out].
///
/// |lambda| < 1 makes the filters stable. A state decays to denormal numbers after the signal ends, as that of any
/// recurrent layer: see `NoDenormals`. Cost per frame: 2 States (In + Out + 2) + In Out multiply-accumulates. State: 2
/// States values.
template <std::size_t In, std::size_t States, std::size_t Out, Backend B = default_backend>
class LRU : public detail::Recurrent<LRU<In, States, Out, B>, B, In, Out> {
  static_assert((In == dynamic) == (States == dynamic) && (In == dynamic) == (Out == dynamic));
  static constexpr bool is_dynamic = In == dynamic;
  using T = typename B::scalar;
  using Input = Matrix<B, In, States, 2>;
  using Output = Matrix<B, times<2, States>, Out>;
  using Skip = Matrix<B, In, Out>;
  static constexpr std::size_t padded(std::size_t n) { return round_up(n, row_unit<B, States>); }

 public:
  using backend = B;
  using scalar = T;
  struct State {
    AlignedArray<T, is_dynamic ? dynamic : padded(States)> real, imag;
    AlignedArray<T, is_dynamic ? dynamic : padded_frame<T>(Out)> output;
  };
  static constexpr std::string_view type = "lru";
  static constexpr std::size_t in_size = In, out_size = Out;
  static constexpr std::size_t receptive_field = unbounded;
  static constexpr std::size_t parameters = is_dynamic ? dynamic : 2 * States * (In + Out + 1) + In * Out;
  static constexpr std::size_t macs = is_dynamic ? dynamic : 2 * States * (In + Out + 2) + In * Out;
  static constexpr bool interleaves_voices = false;

  constexpr void visit(auto& v) {
    v.option("in", this->in_);
    v.option("states", states_);
    v.option("out", this->out_);
    if constexpr (is_dynamic) {
      b_.resize(this->in_, states_);
      c_.resize(2 * states_, this->out_);
      d_.resize(this->in_, this->out_);
      lambda_real_.resize(states_);
      lambda_imag_.resize(states_);
      minus_lambda_imag_.resize(states_);
    }
    v.tensor("lambda_real", lambda_real_);
    v.tensor("lambda_imag", lambda_imag_);
    v.tensor("b", b_);
    v.tensor("c", c_);
    v.tensor("d", d_);
    if constexpr (is_dynamic) minus_lambda_imag_.allocate();
  }
  constexpr void prepare() noexcept {
    for (std::size_t n = 0; n < states_; ++n) minus_lambda_imag_.set(n, -lambda_imag_.get(n));
  }
  constexpr LayerShape shape() const noexcept {
    const std::uint64_t in = this->in_, out = this->out_;
    return {.in = this->in_,
            .out = this->out_,
            .past = unbounded,
            .macs = bounded(2 * std::uint64_t{states_} * (in + out + 2) + in * out)};
  }

  void resize(State& state) const
    requires(is_dynamic)
  {
    state.real.resize(b_.padded_rows());
    state.imag.resize(b_.padded_rows());
    state.output.resize(c_.padded_rows());
  }
  void reset(State& state) const noexcept {
    state.real.clear();
    state.imag.clear();
  }

  /// Computes one frame of each voice. Channel c of voice v is read at u[v][c * stride]. Returns pointers to the
  /// outputs.
  template <std::size_t Voices>
  INLAY_INLINE auto step(const std::array<State*, Voices>& states, const std::array<const T*, Voices>& u,
                         std::size_t stride) const noexcept {
    std::array<const T*, Voices> outputs;
    for (std::size_t v = 0; v < Voices; ++v) {
      State& state = *states[v];
      b_.for_panels([]<std::size_t Height>(std::size_t row, const LRU* layer, auto... args)
                        INLAY_INLINE_LAMBDA { layer->template step_states<Height>(row, args...); },
                    this, state.real.data(), state.imag.data(), u[v], stride);
      c_.for_panels([]<std::size_t Height>(std::size_t row, const LRU* layer, auto... args)
                        INLAY_INLINE_LAMBDA { layer->template mix<Height>(row, args...); },
                    this, &state, u[v], stride);
      outputs[v] = state.output.data();
    }
    return outputs;
  }

 private:
  /// x' = lambda x + B u.
  template <std::size_t Height>
  INLAY_INLINE void step_states(std::size_t row, T* real, T* imag, const T* u, std::size_t stride) const noexcept {
    using Rows = Pack<B, Height>;
    Rows input[2] = {Rows::broadcast(0), Rows::broadcast(0)};
    accumulate(this->in_, input, b_, row, u, stride);
    Rows::each([&](std::size_t i) INLAY_INLINE_LAMBDA {
      const std::size_t n = row + i * Rows::lanes;
      const auto load = [&](const T* p) INLAY_INLINE_LAMBDA { return B::template load<Rows::lanes>(p + n); };
      const auto re = load(real), im = load(imag), a = load(lambda_real_.data());
      B::store(real + n, B::fma(load(minus_lambda_imag_.data()), im, B::fma(a, re, input[0].r[i])));
      B::store(imag + n, B::fma(load(lambda_imag_.data()), re, B::fma(a, im, input[1].r[i])));
    });
  }

  /// y = Re(C x) + D u.
  template <std::size_t Height>
  INLAY_INLINE void mix(std::size_t row, State* state, const T* u, std::size_t stride) const noexcept {
    using Rows = Pack<B, Height>;
    Rows sums[1] = {Rows::broadcast(0)};
    PanelAccumulator<times<2, States>, Output, Rows, 1, 1> sum(&sums, c_.column(row, Height, 0));
    sum.add(states_, std::array<const T*, 1>{state->real.data()}, 1);
    sum.add(states_, std::array<const T*, 1>{state->imag.data()}, 1);
    sum.finish();
    accumulate(this->in_, sums, d_, row, u, stride);
    sums[0].store(state->output.data() + row);
  }

  INLAY_NO_ADDRESS Extent<States, struct OfStates> states_;
  Vector<B, States> lambda_real_, lambda_imag_, minus_lambda_imag_;
  Input b_;
  Output c_;
  Skip d_;
};

}  // namespace inlay::INLAY_ISA

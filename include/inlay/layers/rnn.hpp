/// RNN: recurrent layer without gates.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "inlay/backend/choice.hpp"
#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/map.hpp"
#include "inlay/core/panel_accumulator.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/layers/gates.hpp"
#include "inlay/layers/recurrent.hpp"

namespace inlay::INLAY_ISA {

/// Activation tanh(z).
struct TanhActivation {
  static constexpr std::string_view name = "tanh";
  template <class B, class R>
  static INLAY_INLINE R apply(R z) noexcept {
    return B::math_policy::template tanh<B>(z);
  }
};

/// Activation max(0, z).
struct ReLUActivation {
  static constexpr std::string_view name = "relu";
  template <class B, class R>
  static INLAY_INLINE R apply(R z) noexcept {
    return B::max(math::broadcast<B, R>(typename B::scalar(0)), z);
  }
};

/// Either activation, selected by the file's `activation`. For layers of dynamic sizes.
class AnyRNNActivation {
  static constexpr std::string_view names[] = {TanhActivation::name, ReLUActivation::name};

 public:
  constexpr void visit(auto& v) { v.choice("activation", names, choice_); }
  /// Calls `f(activation)` with the selected activation.
  template <class F>
  INLAY_INLINE void select(F&& f) const noexcept {
    if (choice_ == 0) f(TanhActivation());
    else f(ReLUActivation());
  }

 private:
  std::size_t choice_ = 0;
};

/// Recurrent layer without gates, `In` channels to `Out` units. Returns the hidden state at every frame: h' =
/// activation(W x + U h + b).
///
/// Tensors: `kernel` W [In, Out], `recurrent_kernel` U [Out, Out], `bias` b [Out]. Option in files: `activation`,
/// "tanh" or "relu".
///
/// PyTorch: RNN, one layer, with bias_ih + bias_hh as `bias`. Keras: SimpleRNN with return_sequences=True. Cost per
/// frame: Out (In + Out) multiply-accumulates. State: h (two copies).
template <std::size_t In, std::size_t Out, class Activation, Backend B>
class BasicRNN : public detail::Recurrent<BasicRNN<In, Out, Activation, B>, B, In, Out> {
  using Kernel = Matrix<B, In, Out>;
  using RecurrentKernel = Matrix<B, Out, Out>;
  using Hidden = detail::Hidden<B, Out>;

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    /// Buffers that carry over from one step to the next, padded to whole registers. Used by `RateCorrected`
    /// and `InitialState`.
    std::array<scalar*, 1> memory() noexcept { return {hidden.current()}; }

    Hidden hidden;
  };
  static constexpr std::string_view type = "rnn";
  static constexpr std::size_t in_size = In, out_size = Out;
  static constexpr std::size_t receptive_field = unbounded;
  static constexpr std::size_t gate_count = 1;
  static constexpr std::size_t macs = (In + Out) * gate_count * Out;
  static constexpr std::size_t parameters = macs + Out;
  static constexpr bool interleaves_voices = Out != dynamic && detail::interleaving_is_faster<Kernel>(macs);

  constexpr void visit(auto& v) {
    v.option("in", this->in_);
    v.option("out", this->out_);
    if constexpr (Out == dynamic) {
      activation_.visit(v);
      resize();
    } else {
      v.option("activation", Activation::name);
    }
    v.tensor("kernel", kernel_);
    v.tensor("recurrent_kernel", recurrent_kernel_);
    v.tensor("bias", bias_);
  }

  void resize(State& state) const
    requires(Out == dynamic)
  {
    state.hidden.resize(this->out_);
  }
  void reset(State& state) const noexcept { state.hidden.clear(); }

  /// Computes one frame of each voice. Channel c of voice v is read at x[v][c * stride]. Returns pointers to the
  /// outputs.
  template <std::size_t Voices>
  INLAY_INLINE auto step(const std::array<State*, Voices>& states, const std::array<const scalar*, Voices>& x,
                         std::size_t stride) const noexcept {
    const detail::HiddenDoubleBuffer<scalar, Voices> h(states);
    recurrent_kernel_.for_panels([]<std::size_t Height>(std::size_t row, const BasicRNN* layer, auto... args)
                                     INLAY_INLINE_LAMBDA { layer->template step_panel<Height>(row, args...); },
                                 this, h, x, stride);
    // One loop for panels of all heights: less to compile.
    if constexpr (Out == dynamic)
      activation_.select([&](auto activation) INLAY_INLINE_LAMBDA {
        map_frame<B>([&](auto sum) INLAY_INLINE_LAMBDA { return activation.template apply<B>(sum); }, this->out_,
                     h.next[0], h.next[0]);
      });
    return h.outputs();
  }

 private:
  template <std::size_t Height, std::size_t Voices>
  INLAY_INLINE void step_panel(std::size_t row, const detail::HiddenDoubleBuffer<scalar, Voices>& h,
                               const std::array<const scalar*, Voices>& x, std::size_t stride) const noexcept {
    using Rows = Pack<B, Height>;
    Rows z[Voices][1];
    repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA { z[v][0] = Rows::load(bias_.data() + row); });
    accumulate(this->in_, z, kernel_, row, x, stride);
    accumulate(this->out_, z, recurrent_kernel_, row, h.now);
    Rows::template each_of<Voices>([&](std::size_t v, std::size_t i) INLAY_INLINE_LAMBDA {
      scalar* const next = h.next[v] + row + i * Rows::lanes;
      if constexpr (Out == dynamic) B::store(next, z[v][0].r[i]);
      else B::store(next, activation_.template apply<B>(z[v][0].r[i]));
    });
  }

  void resize() {
    kernel_.resize(this->in_, this->out_);
    recurrent_kernel_.resize(this->out_, this->out_);
    bias_.resize(this->out_);
  }

  INLAY_NO_ADDRESS Activation activation_;
  Kernel kernel_;
  RecurrentKernel recurrent_kernel_;
  Vector<B, Out> bias_;
};

/// RNN with tanh activation. See `BasicRNN`.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
using RNN = BasicRNN<In, Out, TanhActivation, backend_for<B, Work::rnn, Out>>;

/// RNN with ReLU activation, nonlinearity='relu' of PyTorch. See `BasicRNN`.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
using ReLURNN = BasicRNN<In, Out, ReLUActivation, backend_for<B, Work::rnn, Out>>;

}  // namespace inlay::INLAY_ISA

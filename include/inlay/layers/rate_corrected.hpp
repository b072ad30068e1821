/// RateCorrected: runs a recurrent layer at M times the sample rate that it was trained at.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <tuple>

#include "inlay/core/assign.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/layers/recurrent.hpp"

namespace inlay::INLAY_ISA {

/// Recurrent layer `L` with its feedback delayed by M = rate / trained rate frames instead of one: s[n] = F(x[n], s[n -
/// M]). An integer M is exact. For others the state is interpolated by a Lagrange polynomial of order `Order` (0: the
/// nearest frame), with taps as central as one frame of feedback permits. Interpolation adds a little noise, and may
/// make a model unstable that is close to the edge of stability.
///
/// Cost per frame: that of `L` plus (Order + 1) multiply-accumulates per value of state, for any M. State: a ring of
/// MaxRatio + Order past states of `L`. No other memory is needed.
///
/// In files the layer is stored as `L`. Loading or setting a tensor resets M to 1. `ModelT::set_sample_rate` or
/// `set_rate_ratio` changes it.
///
/// Reference: Carson, Wright, Chowdhury, Välimäki, Bilbao, "Sample Rate Independent Recurrent Neural Networks for Audio
/// Effects Processing", DAFx 2024.
template <Layer L, std::size_t MaxRatio = 8, std::size_t Order = 3>
class RateCorrected
    : public detail::Recurrent<RateCorrected<L, MaxRatio, Order>, typename L::backend, L::in_size, L::out_size> {
  static_assert(MaxRatio > 0, "inlay::RateCorrected: MaxRatio must be at least 1");
  static_assert(
      requires(typename L::State& state) {
        state.memory();
        L::gate_count;
      }, "inlay::RateCorrected: L must be a recurrent layer: LSTM, GRU or RNN");
  static_assert(
      [] {
        if constexpr (requires { L::cell_size; }) return L::cell_size == L::out_size;
        else return true;
      }(),
      "inlay::RateCorrected: L must have no projection");
  using B = typename L::backend;
  using T = typename L::scalar;
  static constexpr std::size_t parts = std::tuple_size_v<decltype(std::declval<typename L::State&>().memory())>;
  static constexpr std::size_t lanes = B::lanes(L::out_size), units = round_up(L::out_size, lanes);
  static constexpr std::size_t part = padded_frame<T>(units), length = MaxRatio + Order, taps = Order + 1;

 public:
  using backend = B;
  using scalar = T;
  class State {
    friend RateCorrected;
    typename L::State layer;
    alignas(alignment) T past[length][parts][part]{};  ///< ring of past states
    std::size_t position = 0;                          ///< of the oldest state, which is overwritten next
  };
  static constexpr std::string_view type = L::type;
  static constexpr std::size_t in_size = L::in_size, out_size = L::out_size;
  static constexpr std::size_t receptive_field = unbounded;
  static constexpr std::size_t macs = L::macs + taps * parts * L::out_size, parameters = L::parameters;
  static constexpr bool interleaves_voices = L::interleaves_voices;

  constexpr void visit(auto& v) { layer_.visit(v); }
  constexpr void prepare() noexcept {
    detail::prepare(layer_);
    interpolate(1);
  }

  static constexpr bool accepts_rate_ratio(double ratio) noexcept { return ratio >= 1 && ratio <= double(MaxRatio); }
  /// Sets the ratio M of sample rates. Returns false and changes nothing if it is below 1 or above `MaxRatio`. Does not
  /// allocate, and leaves states unchanged. Must not run concurrently with `forward` or `process`.
  [[nodiscard]] bool set_rate_ratio(double ratio) noexcept {
    if (!accepts_rate_ratio(ratio)) return false;
    interpolate(ratio);
    return true;
  }

  void reset(State& state) const noexcept {
    layer_.reset(state.layer);
    for (state.position = 0; state.position < length; ++state.position) push_state(state);
    state.position = 0;
  }

  /// Computes one frame of each voice. Channel c of voice v is read at x[v][c * stride]. Returns pointers to the
  /// outputs.
  template <std::size_t Voices>
  INLAY_INLINE auto step(const std::array<State*, Voices>& states, const std::array<const T*, Voices>& x,
                         std::size_t stride) const noexcept {
    std::array<typename L::State*, Voices> layers;
    for (std::size_t v = 0; v < Voices; ++v) {
      read_delayed_state(*states[v]);
      layers[v] = &states[v]->layer;
    }
    const auto y = layer_.step(layers, x, stride);
    for (State* state : states) {
      push_state(*state);
      if (++state->position == length) state->position = 0;
    }
    return y;
  }

 private:
  /// Sets the state of `L` to the past state, interpolated.
  INLAY_INLINE void read_delayed_state(State& state) const noexcept {
    std::size_t row = state.position + length - nearest_;  // plus `length`, to avoid unsigned wrap-around
    std::size_t rows[taps];
    for (std::size_t k = 0; k < taps; ++k, --row) rows[k] = row < length ? row : row - length;
    const auto memory = state.layer.memory();
    for (std::size_t p = 0; p < parts; ++p)
      for (std::size_t i = 0; i < units; i += lanes) {
        const auto at = [&](std::size_t k)
                            INLAY_INLINE_LAMBDA { return B::template load<lanes>(state.past[rows[k]][p] + i); };
        auto sum = compiler::opaque(at(0) * B::template broadcast<lanes>(weights_[0]));
        for (std::size_t k = 1; k < taps; ++k) sum = B::fma(at(k), B::template broadcast<lanes>(weights_[k]), sum);
        B::store(memory[p] + i, sum);
      }
  }

  /// Stores the state of `L` in the ring.
  INLAY_INLINE void push_state(State& state) const noexcept {
    const auto memory = state.layer.memory();
    for (std::size_t p = 0; p < parts; ++p) copy_frame<B, out_size>(memory[p], state.past[state.position][p]);
  }

  /// Computes the Lagrange weights for a delay of `delay` frames, for `taps` frames of which the newest is `nearest_`
  /// frames ago.
  void interpolate(double delay) noexcept {
    const double central = std::round(delay - 0.5 * double(Order));
    nearest_ = central < 1 ? 1 : static_cast<std::size_t>(central);
    for (std::size_t k = 0; k < taps; ++k) {
      double weight = 1;
      for (std::size_t other = 0; other < taps; ++other)
        if (other != k) weight *= (delay - double(nearest_ + other)) / (double(k) - double(other));
      weights_[k] = static_cast<T>(weight);
    }
  }

  L layer_;
  std::size_t nearest_ = 1;
  std::array<T, taps> weights_{T(1)};
};

}  // namespace inlay::INLAY_ISA

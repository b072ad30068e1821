/// RateCorrected: s[n] = F(x[n], s[n - M]), a recurrent layer at M times the sample rate that it was trained at.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <tuple>

#include "inlay/core/assign.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/layers/recurrent.hpp"

namespace inlay::INLAY_ISA {

/// A recurrent layer `L` whose feedback takes as long at another sample rate as it took at the trained one: what it
/// remembers comes from M = rate / trained rate frames ago. A whole M is exact. Between frames, what it remembers is
/// interpolated by Lagrange's polynomial of `Order`, 0 being the nearest frame, its taps as central as one frame of
/// feedback permits. Any M costs the same, and none needs memory beyond the state's, which is laid out for ratios up
/// to `MaxRatio`. See Carson, Wright, Chowdhury, Välimäki and Bilbao, "Sample Rate Independent Recurrent Neural
/// Networks for Audio Effects Processing", DAFx 2024; interpolation adds a little noise and, in a model near the edge
/// of stability, may push it over.
///
/// In a file it is `L`. Loading, or setting a tensor, puts it to the trained rate; `ModelT::set_sample_rate`, or
/// `set_rate_ratio`, to another.
template <Layer L, std::size_t MaxRatio = 8, std::size_t Order = 3>
class RateCorrected
    : public detail::Recurrent<RateCorrected<L, MaxRatio, Order>, typename L::backend, L::in_size, L::out_size> {
  static_assert(MaxRatio > 0, "inlay::RateCorrected: the largest ratio is at least one");
  static_assert(
      requires(typename L::State& state) { state.memory(); },
      "inlay::RateCorrected: its layer is recurrent, such as LSTM, GRU or RNN");
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
    alignas(alignment) T past[length][parts][part]{};  ///< a ring of what was remembered
    std::size_t position = 0;                          ///< of the oldest, where the next goes
  };
  static constexpr std::string_view type = L::type;
  static constexpr std::size_t in_size = L::in_size, out_size = L::out_size;
  static constexpr std::size_t receptive_field = unbounded;
  static constexpr std::size_t macs = L::macs + taps * parts * L::out_size, parameters = L::parameters;
  static constexpr bool interleaves_voices = L::interleaves_voices;

  void visit(auto& v) { layer_.visit(v); }
  void prepare() noexcept {
    detail::prepare(layer_);
    interpolate(1);
  }

  static constexpr bool accepts_rate_ratio(double ratio) noexcept { return ratio >= 1 && ratio <= double(MaxRatio); }
  /// Goes to `ratio` times the trained rate, or returns false and changes nothing where that is below 1 or above
  /// `MaxRatio`. Neither allocates nor depends on a state; not while the layer runs.
  [[nodiscard]] bool set_rate_ratio(double ratio) noexcept {
    if (!accepts_rate_ratio(ratio)) return false;
    interpolate(ratio);
    return true;
  }

  void reset(State& state) const noexcept {
    layer_.reset(state.layer);
    for (state.position = 0; state.position < length; ++state.position) remember(state);
    state.position = 0;
  }

  /// One frame of each voice; the inputs lie `stride` values apart. Returns the outputs.
  template <std::size_t Voices>
  INLAY_INLINE auto step(const std::array<State*, Voices>& states, const std::array<const T*, Voices>& x,
                         std::size_t stride) const noexcept {
    std::array<typename L::State*, Voices> layers;
    for (std::size_t v = 0; v < Voices; ++v) {
      recall(*states[v]);
      layers[v] = &states[v]->layer;
    }
    const auto y = layer_.step(layers, x, stride);
    for (State* state : states) {
      remember(*state);
      if (++state->position == length) state->position = 0;
    }
    return y;
  }

 private:
  INLAY_INLINE void recall(State& state) const noexcept {
    std::size_t row = state.position + length - nearest_;  // one lap ahead, so that it need not wrap below zero
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

  INLAY_INLINE void remember(State& state) const noexcept {
    const auto memory = state.layer.memory();
    for (std::size_t p = 0; p < parts; ++p) copy_frame<B, out_size>(memory[p], state.past[state.position][p]);
  }

  /// Lagrange's polynomial through `taps` frames, the nearest `nearest_` frames ago, at `delay` frames ago.
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

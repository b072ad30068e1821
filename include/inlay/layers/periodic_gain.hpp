/// PeriodicGain: y(t) = gain(t mod Period) x(t).
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/layers/coefficients.hpp"

namespace inlay::INLAY_ISA {

/// Gain that repeats after `Period` frames: y_c(t) = gain[t mod Period, c] x_c(t), where t is counted from `reset`.
/// `Size` channels in and out.
///
/// Tensor: `gain` [Period, Size]. State: the position in the period.
///
/// A filter bank of alternating frequency order (RAVE's PQMF) is one with the gains 1 and -1 and a period of 2.
/// PyTorch: a product with a constant along the frames. Cost per frame: Size multiply-accumulates.
template <std::size_t Size, std::size_t Period, Backend B = default_backend>
class PeriodicGain {
  static_assert(Period > 0);

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    std::size_t position = 0;  ///< t mod Period
  };
  static constexpr std::string_view type = "periodic_gain";
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = 1, parameters = times<Period, Size>, macs = Size;
  static constexpr bool in_place = true;

  constexpr void visit(auto& v) {
    v.option("size", size_);
    v.option("period", period_);
    if constexpr (Size == dynamic) gain_.resize(period_, size_);
    v.tensor("gain", gain_);
  }
  constexpr LayerShape shape() const noexcept { return {.in = size_, .out = size_, .macs = size_}; }
  void reset(State& state) const noexcept { state.position = 0; }

  INLAY_INLINE void forward(State& state, const scalar* in, scalar* out) const noexcept {
    const scalar* const gain = gain_.row(state.position).values;
    for (std::size_t c = 0; c < size_; ++c) out[c] = gain[c] * in[c];
    state.position = after(state.position);
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    std::size_t position = state.position;
    for (std::size_t c = 0; c < size_; ++c) {
      position = state.position;
      for (std::size_t t = 0; t < frames; ++t, position = after(position))
        out.row(c)[t] = gain_.row(position).values[c] * in.row(c)[t];
    }
    state.position = position;
  }

 private:
  INLAY_INLINE std::size_t after(std::size_t position) const noexcept {
    return position + 1 < period_ ? position + 1 : 0;
  }

  INLAY_NO_ADDRESS LayerExtent<Size> size_;
  INLAY_NO_ADDRESS Extent<Period, struct OfPeriod> period_;
  detail::Coefficients<B, Period, Size, Size> gain_;
};

}  // namespace inlay::INLAY_ISA

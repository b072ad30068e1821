/// CumulativeNorm: normalisation by mean and variance of all frames so far.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/backend/loop.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/channel_norm.hpp"

namespace inlay::INLAY_ISA {

/// Cumulative layer normalisation (Luo, Mesgarani: Conv-TasNet, 2019): y = (x - mean) / sqrt(variance + epsilon) gamma
/// + beta, with mean and variance of the channels of all frames so far, the present one included. `reset` starts anew.
///
/// `Size` channels in and out. Tensors: `gamma`, `beta` [Size], optional in files, 1 and 0 by default. Number:
/// `epsilon`, which must be positive.
///
/// PyTorch: the cLN of Conv-TasNet and Asteroid (channels first). Cost per frame: 2 Size multiply-accumulates, a square
/// root and two divisions. State: mean, variance and number of frames, in double precision for any scalar: the mean and
/// the variance are updated by what a frame changes (Chan, Golub, LeVeque, 1983), so nothing grows or cancels however
/// long a signal is. A NaN or an infinity in the signal stays in the state until `reset`.
template <std::size_t Size, Backend B = default_backend>
class CumulativeNorm : public detail::ChannelNorm<CumulativeNorm<Size, B>, Size, 1, true, B> {
 public:
  using scalar = typename B::scalar;
  struct State {
    double mean = 0, variance = 0, frames = 0;
  };
  static constexpr std::string_view type = "cumulative_norm";
  static constexpr std::size_t receptive_field = unbounded, quotients = 5;
  constexpr LayerShape shape() const noexcept {
    return {.in = this->size_, .out = this->size_, .past = unbounded, .macs = 2 * this->size_, .state = 3};
  }
  void reset(State& state) const noexcept { state = {}; }

  /// Replaces mean and variance of one frame by those of all frames so far.
  INLAY_INLINE void follow(State& state, scalar& mean, scalar& variance) const noexcept {
    // All products are in multiply-adds: the compiler could fuse others in one copy of this code and not in another.
    constexpr auto fma = LoopBackend<double>::fma;
    state.frames += 1;
    const double share = 1 / state.frames, difference = double(mean) - state.mean;
    state.mean = fma(difference, share, state.mean);
    const double change = fma(difference, double(mean) - state.mean, double(variance) - state.variance);
    state.variance = std::max(0.0, fma(change, share, state.variance));
    mean = static_cast<scalar>(state.mean);
    variance = static_cast<scalar>(state.variance);
  }
};

}  // namespace inlay::INLAY_ISA

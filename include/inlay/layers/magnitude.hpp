/// Magnitude: y = |x| of complex channels.
#pragma once

#include <cmath>
#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/backend/loop.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"

namespace inlay::INLAY_ISA {

/// Magnitudes of a spectrum: y(k) = sqrt(re(k)^2 + im(k)^2 + epsilon). The input channels are a real and an imaginary
/// part for each of `Bins` bins, as `RFFT` gives them. 2 Bins channels in, Bins out.
///
/// Number: `epsilon`, 0 by default. PyTorch: x.abs() of complex tensors, and sqrt(re ** 2 + im ** 2 + epsilon). Cost
/// per frame: 2 Bins multiply-adds and Bins square roots. No state.
template <std::size_t Bins, Backend B = default_backend>
class Magnitude {
  using T = typename B::scalar;

 public:
  using backend = B;
  using scalar = T;
  struct State {};
  static constexpr std::string_view type = "magnitude";
  static constexpr std::size_t in_size = times<2, Bins>, out_size = Bins;
  static constexpr std::size_t receptive_field = 1;
  static constexpr std::size_t parameters = 0, macs = times<2, Bins>;

  constexpr void visit(auto& v) {
    v.option("bins", bins_);
    v.number("epsilon", epsilon);
  }
  constexpr LayerShape shape() const noexcept {
    const std::size_t bins = bins_;
    return {.in = 2 * bins, .out = bins, .macs = 2 * bins};
  }
  void reset(State&) const noexcept {}

  void forward(State&, const T* in, T* out) const noexcept {
    for (std::size_t k = 0; k < bins_; ++k) out[k] = magnitude(in[2 * k], in[2 * k + 1]);
  }
  void process(State&, Block<const T> in, Block<T> out, std::size_t frames) const noexcept {
    for (std::size_t k = 0; k < bins_; ++k)
      for (std::size_t t = 0; t < frames; ++t) out.row(k)[t] = magnitude(in.row(2 * k)[t], in.row(2 * k + 1)[t]);
  }

  T epsilon = 0;

 private:
  INLAY_INLINE T magnitude(T re, T im) const noexcept {
    return std::sqrt(LoopBackend<T>::fma(re, re, LoopBackend<T>::fma(im, im, epsilon)));
  }

  INLAY_NO_ADDRESS LayerExtent<Bins> bins_;
};

}  // namespace inlay::INLAY_ISA

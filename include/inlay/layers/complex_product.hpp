/// ComplexProduct: y = a b of complex channels.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/backend/loop.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/fft.hpp"

namespace inlay::INLAY_ISA {

/// Multiplies two spectra: y(k) = a(k) b(k). The input channels are those of a, then those of b; each is a real and an
/// imaginary part for each of `Bins` bins, as `RFFT` gives them. 4 Bins channels in, 2 Bins out.
///
/// With `Concat<Identity<2 * Bins>, Mask>` before it, a network `Mask` filters a spectrum (complex ratio mask).
/// PyTorch: a * b of complex tensors. Cost per frame: 4 Bins multiply-adds. No tensors, no state.
template <std::size_t Bins, Backend B = default_backend>
class ComplexProduct {
  using T = typename B::scalar;

 public:
  using backend = B;
  using scalar = T;
  struct State {};
  static constexpr std::string_view type = "complex_product";
  static constexpr std::size_t in_size = times<4, Bins>, out_size = times<2, Bins>;
  static constexpr std::size_t receptive_field = 1;
  static constexpr std::size_t parameters = 0, macs = times<4, Bins>;
  static constexpr bool in_place = true;

  constexpr void visit(auto& v) { v.option("bins", bins_); }
  constexpr LayerShape shape() const noexcept {
    return {.in = 4 * std::size_t{bins_}, .out = 2 * std::size_t{bins_}, .macs = 4 * std::size_t{bins_}};
  }
  void reset(State&) const noexcept {}

  void forward(State&, const T* in, T* out) const noexcept {
    const T* const b = in + 2 * bins_;
    multiply(bins_, 2, in, in + 1, b, b + 1, out, out + 1);
  }
  void process(State&, Block<const T> in, Block<T> out, std::size_t frames) const noexcept {
    for (std::size_t re = 0, im = 1; re < 2 * bins_; re += 2, im += 2)
      multiply(frames, 1, in.row(re), in.row(im), in.row(2 * bins_ + re), in.row(2 * bins_ + im), out.row(re),
               out.row(im));
  }

 private:
  /// Multiplies `count` complex values, `step` values apart.
  static void multiply(std::size_t count, std::size_t step, const T* a_re, const T* a_im, const T* b_re, const T* b_im,
                       T* re, T* im) noexcept {
    for (std::size_t i = 0; i < count * step; i += step) {
      const detail::Complex<T> y =
          detail::product<LoopBackend<T>>(detail::Complex<T>{a_re[i], a_im[i]}, detail::Complex<T>{b_re[i], b_im[i]});
      re[i] = y.re, im[i] = y.im;
    }
  }

  INLAY_NO_ADDRESS LayerExtent<Bins> bins_;
};

}  // namespace inlay::INLAY_ISA

/// GainComputer: the static curve of a compressor or an expander.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Gain of a compressor in dB for a level x in dB, with a quadratic knee of W dB around the threshold T (Giannoulis,
/// Massberg, Reiss, 2012):
///
///     y = 0                                      x <= T - W/2
///     y = (1/ratio - 1) (x - T + W/2)^2 / (2 W)   between
///     y = (1/ratio - 1) (x - T)                  x >= T + W/2
///
/// Numbers: `threshold` in dB, `ratio` above 0, `knee` W in dB, not negative; a file with others is refused. Ratios
/// below 1 raise loud levels. Makeup gain is a `Scale` after the gain, or an `Affine` in dB.
///
/// PyTorch: trained as a part of inlay.torch.Compressor. No state.
template <std::size_t Size, Backend B = default_backend>
class GainComputer : public Pointwise<GainComputer<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "gain_computer";
  static constexpr std::size_t macs = times<3, Size>;
  constexpr LayerShape shape() const noexcept {
    return {.in = this->size_, .out = this->size_, .macs = 3 * this->size_};
  }

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    v.number("threshold", threshold);
    v.number("ratio", ratio);
    v.number("knee", knee);
  }
  constexpr void prepare() noexcept {
    slope_ = 1 / ratio - 1;
    curvature_ = knee > 0 ? slope_ / (2 * knee) : 0;
  }

  /// The part of x in the knee, and what is above it.
  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    const R over = x - at(threshold - knee / 2);
    const R in_knee = B::max(at(scalar(0)), B::min(at(knee), over));
    const R above = B::max(at(scalar(0)), over - at(knee));
    // Above the knee, in_knee^2 / (2 W) = W / 2, which is the distance from T to the end of the knee.
    return B::fma(in_knee * in_knee, at(curvature_), compiler::opaque(at(slope_) * above));
  }

  scalar threshold = 0, ratio = 1, knee = 0;

 private:
  scalar slope_ = 0, curvature_ = 0;
};

}  // namespace inlay::INLAY_ISA

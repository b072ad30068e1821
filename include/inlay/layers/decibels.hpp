/// AmplitudeToDB, DBToAmplitude: levels in decibels.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"
#include "inlay/math/logarithm.hpp"

namespace inlay::INLAY_ISA {

/// Level of each value in dB: y = 20 log10(max(|x|, floor)). Number: `floor`, 1e-8 (-160 dB) by default; at least
/// 1e-37 is used. PyTorch: 20 * torch.log10(torch.clamp(torch.abs(x), min=floor)).
template <std::size_t Size, Backend B = default_backend>
class AmplitudeToDB : public Pointwise<AmplitudeToDB<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "amplitude_to_db";

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    v.number("floor", floor);
  }
  /// Zero has no logarithm, and denormal numbers may be taken for zero.
  constexpr void prepare() noexcept {
    if (!(floor >= scalar(1e-37))) floor = scalar(1e-37);
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    const R magnitude = B::max(at(floor), B::max(at(scalar(0)) - x, x));
    return math::log<B>(magnitude) * at(scalar(8.68588963806503655302));  // 20 / ln 10
  }

  scalar floor = scalar(1e-8);
};

/// Factor of each level in dB: y = 10^(x / 20). PyTorch: 10 ** (x / 20).
template <std::size_t Size, Backend B = default_backend>
class DBToAmplitude : public Pointwise<DBToAmplitude<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "db_to_amplitude";

  template <class R>
  static INLAY_INLINE R apply(R x, auto at) noexcept {
    return B::math_policy::template exp<B>(x * at(scalar(0.11512925464970228420)));  // ln 10 / 20
  }
};

}  // namespace inlay::INLAY_ISA

/// tanh of one float by a table of cubic polynomials, for processors without vectors.
///
/// There is no division, which takes 14 cycles of a Cortex-M7: 15 instructions, a rational function as accurate takes
/// more than 30.
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <type_traits>

#include "inlay/core/compiler.hpp"
#include "inlay/core/load_run.hpp"

namespace inlay::INLAY_ISA::math {

/// True if the functions of a register R of T's are computed with a table.
template <class T, class R>
inline constexpr bool uses_table = !compiler::has_vectors && std::same_as<T, float> && std::same_as<R, float>;

namespace detail {

constexpr double tanh_of(double x) {
  double term = 1, sum = 1;  // of e^(2x / 64)
  for (int k = 1; k < 16; ++k) sum += term *= 2 * x / 64 / k;
  for (int k = 0; k < 6; ++k) sum *= sum;
  return 1 - 2 / (sum + 1);
}

/// Coefficients of t^3, t^2, t and 1 of tanh((i + t) / PerUnit) for |i| < PerUnit * Bound, and t between 0 and 1 or, if
/// i is negative, -1. Piece 0 is for t between -1 and 1. A piece has the right value at both ends, so that there are no
/// steps, and at two points between them, which minimise its error.
template <int PerUnit, int Bound>
constexpr auto tanh_pieces = [] {
  constexpr int count = PerUnit * Bound;
  std::array<std::array<float, 4>, 2 * count - 1> pieces{};
  for (int i = 0; i < count; ++i) {
    const double nodes[4] = {0, 0.2929, 0.7071, 1};
    double c[4] = {};  // divided differences, then coefficients
    for (int k = 0; k < 4; ++k) c[k] = tanh_of((i + nodes[k]) / PerUnit);
    if (i == 0) {
      const double slope = 1.0 / PerUnit;
      c[0] = c[2] = 0, c[1] = slope, c[3] = tanh_of(slope) - slope;
    } else {
      for (int order = 1; order < 4; ++order)
        for (int k = 3; k >= order; --k) c[k] = (c[k] - c[k - 1]) / (nodes[k] - nodes[k - order]);
      for (int order = 2; order >= 0; --order)
        for (int k = order; k < 3; ++k) c[k] -= c[k + 1] * nodes[order];
    }
    for (int k = 0; k < 4; ++k) {
      const auto power = static_cast<std::size_t>(3 - k);
      pieces[static_cast<std::size_t>(count - 1 + i)][power] = static_cast<float>(c[k]);
      pieces[static_cast<std::size_t>(count - 1 - i)][power] = static_cast<float>(k % 2 == 0 ? -c[k] : c[k]);
    }
  }
  return pieces;
}();

}  // namespace detail

/// tanh x, and the limits for |x| from `Bound` on. The table has 32 `PerUnit` `Bound` bytes.
template <class B, int PerUnit, int Bound>
INLAY_INLINE float tanh_table(float x) noexcept {
  constexpr const auto& pieces = detail::tanh_pieces<PerUnit, Bound>;
  if (!(std::fabs(x) < Bound)) [[unlikely]]
    return x > 0 ? 1.0f : x < 0 ? -1.0f : x;
  const float u = x * PerUnit;
  const int i = static_cast<int>(u);
  const float t = u - static_cast<float>(i);
  const float* c = pieces[0].data() + 4 * (PerUnit * Bound - 1 + i);
  float y = 0;
  load_run<4>(c, [&](std::size_t k, float value) INLAY_INLINE_LAMBDA { y = k == 0 ? value : B::fma(y, t, value); });
  return y;
}

}  // namespace inlay::INLAY_ISA::math

/// square_root: of registers, and of numbers in constant expressions.
#pragma once

#include <cmath>
#include <cstddef>
#include <type_traits>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::math {

/// The square root of x >= 0. In constant expressions by Newton's iteration, within 1 ulp, else by std::sqrt.
constexpr double square_root(double x) noexcept {
  if (!std::is_constant_evaluated()) return std::sqrt(x);
  if (!(x > 0) || x > 1e300) return x;
  double root = x < 1 ? 1 : x;  // from above, the iteration falls until it is there
  for (double next = (root + x / root) / 2; next < root; next = (root + x / root) / 2) root = next;
  return root;
}

/// The square root of each lane of a register, correctly rounded. NaN below zero.
template <class B, class R>
INLAY_INLINE R square_root(R x) noexcept {
  if constexpr (requires { B::sqrt(x); }) {
    return B::sqrt(x);
  } else {
    constexpr std::size_t lanes = sizeof(R) / sizeof(typename B::scalar);
    typename B::scalar values[lanes];
    B::store(values, x);
    for (auto& value : values) value = std::sqrt(value);
    return B::template load<lanes>(values);
  }
}

}  // namespace inlay::INLAY_ISA::math

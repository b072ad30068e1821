/// SecondOrder: a second-order section of a recursive filter, in double precision. Cascades of sections.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "inlay/backend/loop.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/repeat.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA {

/// Coefficients of y(t) = b0 x(t) + b1 x(t-1) + b2 x(t-2) - a1 y(t-1) - a2 y(t-2).
struct SecondOrder {
  double b0 = 1, b1 = 0, b2 = 0, a1 = 0, a2 = 0;
};

namespace detail {

/// State of the transposed direct form II: y = b0 x + s1, s1' = b1 x - a1 y + s2, s2' = b2 x - a2 y.
struct SectionState {
  double s1 = 0, s2 = 0;
};

/// A section whose state is computed from x and the state alone, without y. One multiply-add is then all that a frame
/// waits for from the frame before:
///
///     y = b0 x + s1,  s1' = c1 x - a1 s1 + s2,  s2' = c2 x - a2 s1,  c1 = b1 - a1 b0,  c2 = b2 - a2 b0
struct Section {
  double b0 = 1, c1 = 0, c2 = 0, minus_a1 = 0, minus_a2 = 0;

  constexpr Section() = default;
  explicit constexpr Section(const SecondOrder& h) noexcept
      : b0(h.b0), c1(h.b1 - h.a1 * h.b0), c2(h.b2 - h.a2 * h.b0), minus_a1(-h.a1), minus_a2(-h.a2) {}

  INLAY_INLINE double step(SectionState& z, double x) const noexcept {
    using D = LoopBackend<double>;
    const double y = D::fma(b0, x, z.s1);
    const double next = D::fma(minus_a1, z.s1, D::fma(c1, x, z.s2));
    z.s2 = D::fma(minus_a2, z.s1, c2 * x);
    z.s1 = next;
    return y;
  }
};

/// One frame of a cascade of `count` sections.
INLAY_INLINE double run_cascade(const Section* sections, SectionState* states, std::size_t count, double x) noexcept {
  for (std::size_t k = 0; k < count; ++k) x = sections[k].step(states[k], x);
  return x;
}

/// `Count` sections of a cascade over `frames` values in place. Their states stay in registers. The sections of
/// neighbouring frames do not wait for each other, so the processor computes them at the same time.
template <std::size_t Count>
INLAY_NOINLINE void run_sections(const Section* sections, SectionState* states, double* x,
                                 std::size_t frames) noexcept {
  std::array<Section, Count> h;
  std::array<SectionState, Count> z;
  std::copy_n(sections, Count, h.begin());
  std::copy_n(states, Count, z.begin());
  for (std::size_t t = 0; t < frames; ++t) {
    double y = x[t];
    repeat<Count>([&](std::size_t k) INLAY_INLINE_LAMBDA { y = h[k].step(z[k], y); });
    x[t] = y;
  }
  std::copy_n(z.begin(), Count, states);
}

/// A cascade of `count` sections over `frames` values in place: the same as `run_cascade` for each.
inline void run_cascade(const Section* sections, SectionState* states, std::size_t count, double* x,
                        std::size_t frames) noexcept {
  for (; count > 6; count -= 4, sections += 4, states += 4) run_sections<4>(sections, states, x, frames);
  switch (count) {
    case 6:
      return run_sections<6>(sections, states, x, frames);
    case 5:
      return run_sections<5>(sections, states, x, frames);
    case 4:
      return run_sections<4>(sections, states, x, frames);
    case 3:
      return run_sections<3>(sections, states, x, frames);
    case 2:
      return run_sections<2>(sections, states, x, frames);
    case 1:
      return run_sections<1>(sections, states, x, frames);
    default:
      return;
  }
}

/// A cascade over `frames` frames of one channel, from `in` to `out`.
template <class T>
INLAY_INLINE void run_cascade(const Section* sections, SectionState* states, std::size_t count, const T* in, T* out,
                              std::size_t frames) noexcept {
  double values[tile_frames];
  std::copy_n(in, frames, values);
  run_cascade(sections, states, count, values, frames);
  for (std::size_t t = 0; t < frames; ++t) out[t] = static_cast<T>(values[t]);
}

}  // namespace detail
}  // namespace inlay::INLAY_ISA

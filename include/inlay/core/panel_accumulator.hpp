/// PanelAccumulator: the sums of one frame's product, in registers.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include "inlay/core/column.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/load_run.hpp"
#include "inlay/core/matrix.hpp"
#include "inlay/core/pack.hpp"

namespace inlay::INLAY_ISA {

/// Accumulates the columns of one panel of M into sums[v][g], packs P, for each voice v and gate g.
///
/// Few accumulators make a chain of dependent additions. Columns are therefore distributed over several sets of
/// accumulators, if there are enough `Columns`; `finish` adds up the sets. Voices are interleaved: they hide each
/// other's latency, and each weight is loaded once. Every voice is summed in the same order as it would be alone.
template <std::size_t Columns, class M, class P, std::size_t Gates, std::size_t Voices>
class PanelAccumulator {
  using B = typename M::backend;
  using T = typename M::value_type;
  static_assert(Gates == M::gates);
  static constexpr std::size_t in_flight = 8;  // latency times throughput of a multiply-add
  static constexpr std::size_t sums_of_a_set = Gates * P::registers;
  // A single gate has registers to spare for rounding up the number of sets.
  static constexpr std::size_t rounding = Gates == 1 ? sums_of_a_set - 1 : 0;
  static constexpr std::size_t wanted =
      B::width == 1 ? 1 : std::max<std::size_t>(1, (in_flight + rounding) / sums_of_a_set);
  static constexpr std::size_t sets = Columns < 8 ? 1 : std::min<std::size_t>(wanted, 4);
  // Columns of a round of the loop. Where registers are many, several columns share the instructions of the loop.
  static constexpr std::size_t in_round =
      sets * (B::width > 1 ? std::max<std::size_t>(1, compiler::unrolled_columns / sets) : 1);
  // Columns are loaded one after the other: GCC loads few weights in pairs if it may mix the loads of large columns.
  static constexpr bool by_turns = in_round > 1 && sets == 1;
  static constexpr std::size_t height = P::lanes * P::registers;
  // The sums of integer weights are multiplied by their scales before they are added to `sums`.
  static constexpr std::size_t own_sets = M::scaled ? sets : sets - 1;
  static constexpr bool in_runs = B::width == 1 && Voices == 1 && !M::compact && longest_run<T> > 0;
  static constexpr auto each = repeat_pairs<Gates, Voices>;

 public:
  /// True if the sums of all voices fit into registers.
  static constexpr bool fits =
      Voices == 1 || (B::width > 1 && Voices * sets * sums_of_a_set + Voices + 1 <= compiler::simd_registers);

  /// `weights`: start of the panel's columns. The result is added to `sums`.
  INLAY_INLINE PanelAccumulator(P (*sums)[Gates], const typename M::Weight* weights) noexcept
      : weights_(weights), sums_(sums) {
    if constexpr (M::scaled) scales_ = M::scales(weights, height);
    // Without FMA, from -0: compilers leave out the addition -0 + x, which is x for every x, but not 0 + x. A first
    // fused multiply-add costs no more than the product that would replace it.
    constexpr T zero = compiler::has_fma ? T(0) : -T(0);
    repeat<own_sets>([&](std::size_t s) INLAY_INLINE_LAMBDA {
      each([&](std::size_t g, std::size_t v) INLAY_INLINE_LAMBDA { more_[s][v][g] = P::broadcast(zero); });
    });
  }

  /// Adds W(column, gate g) * x[v] for the next `count` columns. Input values of consecutive columns are `stride`
  /// values apart.
  template <std::size_t Count, class Of>
  INLAY_INLINE void add(Extent<Count, Of> count, const std::array<const T*, Voices>& x, std::size_t stride) noexcept {
    if constexpr (Count == dynamic && B::width > 1) return add_dynamic(count, x, stride);
    if constexpr (in_runs) return add_runs(count, x[0], stride);
    const auto* weights = weights_;
    weights_ += count * Gates * height;
    const std::size_t whole = count / in_round * in_round;
    const auto round = [&](std::size_t col) INLAY_INLINE_LAMBDA {
      repeat<in_round>([&](std::size_t c) INLAY_INLINE_LAMBDA {
        add_column(c % sets, weights, col + c, x, stride);
        if constexpr (by_turns) compiler::finish_loads();
      });
    };
    if constexpr (B::width == 1) {  // for the compiler to unroll and to vectorise
      for (std::size_t col = 0; col < whole; col += in_round) round(col);
    } else {
      INLAY_ROLLED
      for (std::size_t col = 0; col < whole; col += in_round) round(col);
    }
    repeat<Count == dynamic ? in_round - 1 : Count % in_round>([&](std::size_t c) INLAY_INLINE_LAMBDA {
      if (whole + c < count) add_column(c % sets, weights, whole + c, x, stride);
    });
  }

  /// Adds up the sets of accumulators into `sums`. Must be called after the last `add`.
  INLAY_INLINE void finish() noexcept {
    const auto join = [&](std::size_t to, std::size_t from) INLAY_INLINE_LAMBDA {
      each([&](std::size_t g, std::size_t v) INLAY_INLINE_LAMBDA { set(to)[v][g].add(set(from)[v][g]); });
    };
    if constexpr (sets == 4) join(2, 3);
    if constexpr (sets >= 2) join(0, 1);
    if constexpr (sets >= 3) join(0, 2);
    if constexpr (M::scaled)
      P::template each_of<Gates>([&](std::size_t g, std::size_t i) INLAY_INLINE_LAMBDA {
        const auto scale = load_scales<P>(scales_, g * P::registers + i);
        for (std::size_t v = 0; v < Voices; ++v) {
          auto& sum = sums_[v][g].r[i];
          sum = B::fma(set(0)[v][g].r[i], scale, sum);
        }
      });
  }

 private:
  /// Advances pointers instead of indices: GCC would multiply out indices for every tap, and run out of registers.
  INLAY_INLINE void add_dynamic(std::size_t count, std::array<const T*, Voices> x, std::size_t stride) noexcept {
    const auto columns = [&](std::size_t n) INLAY_INLINE_LAMBDA {
      repeat<sets>([&](std::size_t s) INLAY_INLINE_LAMBDA {
        if (s < n) add_column(s, weights_, s, x, stride);
      });
      weights_ += n * Gates * height;
      for (const T*& input : x) input += n * stride;
    };
    for (; count >= sets; count -= sets) columns(sets);
    if (count > 0) columns(count);
  }

  /// Loads the weights of a column, and four input values that are neighbours, by few instructions.
  INLAY_INLINE void add_runs(std::size_t count, const T* x, std::size_t stride) noexcept {
    const T* weights = weights_;
    if (stride == 1)
      for (; count >= 4; count -= 4) {
        repeat<4>([&](std::size_t i) INLAY_INLINE_LAMBDA { add_run<0>(weights, x[i]); });
        x += 4;
      }
    for (; count > 0; --count, x += stride) add_run<0>(weights, *x);
    weights_ = weights;
  }
  /// Adds the rows from `First` on of the column at `weights`.
  template <std::size_t First>
  INLAY_INLINE void add_run(const T*& weights, T x) noexcept {
    constexpr std::size_t left = Gates * height - First, size = std::min(left, longest_run<T>);
    load_run<size>(weights, [&](std::size_t i, T w) INLAY_INLINE_LAMBDA {
      T& sum = sums_[0][(First + i) / height].r[(First + i) % height];
      sum = B::fma(w, x, sum);
      before_next_run(sum);
    });
    if constexpr (left > size) add_run<First + size>(weights, x);
  }

  INLAY_INLINE P (*set(std::size_t s) noexcept)[Gates] {
    if constexpr (M::scaled) return more_[s];
    else return s == 0 ? sums_ : more_[s - 1];
  }

  /// Adds column `col` of those at `weights` to set `s`.
  INLAY_INLINE void add_column(std::size_t s, const typename M::Weight* weights, std::size_t col,
                               const std::array<const T*, Voices>& x, std::size_t stride) noexcept {
    P(*const to)[Gates] = set(s);
    const typename M::Weight* const column = weights + col * Gates * height;
    const std::size_t offset = col * stride;
    if constexpr (M::compact) {
      for_each_converted_register<P, Gates>(column, [&](std::size_t g, std::size_t i, auto w) INLAY_INLINE_LAMBDA {
        repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA {
          to[v][g].r[i] = B::fma(w, B::template broadcast<P::lanes>(x[v][offset]), to[v][g].r[i]);
        });
      });
    } else {
      // One or two sums need the barrier to stay interleaved, see Pack::axpy.
      constexpr bool in_turns = !compiler::has_fma && Gates * P::registers <= 2;
      if constexpr (Voices == 1 && !in_turns) {
        const auto factor = B::template broadcast<P::lanes>(x[0][offset]);
        P::template each_of<Gates>([&](std::size_t g, std::size_t i) INLAY_INLINE_LAMBDA {
          auto& sum = to[0][g].r[i];
          sum = B::fma(B::template load<P::lanes>(column + g * height + i * P::lanes), factor, sum);
        });
      } else {
        repeat<Gates>([&](std::size_t g) INLAY_INLINE_LAMBDA {
          const P weights_of_all = P::load_once(column + g * height);
          repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA { to[v][g].axpy(weights_of_all, x[v][offset]); });
        });
      }
    }
  }

  const typename M::Weight* weights_;  ///< of the next column
  P (*sums_)[Gates];
  P more_[own_sets + (own_sets == 0)][Voices][Gates];
  struct Nothing {};
  INLAY_NO_ADDRESS std::conditional_t<M::scaled, const typename M::Weight*, Nothing> scales_;
};

/// sums[v][g] += W(:, gate g) * x[v] for each voice v and the first `count` columns of the panel at row `row`. Input
/// values of consecutive columns are `stride` values apart. If the registers do not suffice for all voices, these are
/// computed one after the other.
template <std::size_t Count, class Of, class M, class P, std::size_t Gates, std::size_t Voices>
INLAY_INLINE void accumulate(Extent<Count, Of> count, P (*sums)[Gates], const M& matrix, std::size_t row,
                             const std::array<const typename M::value_type*, Voices>& x,
                             std::size_t stride = 1) noexcept {
  using Sum = PanelAccumulator<Count, M, P, Gates, Voices>;
  if constexpr (Sum::fits) {
    Sum all(sums, matrix.column(row, P::lanes * P::registers, 0));
    all.add(count, x, stride);
    all.finish();
  } else {
    for (std::size_t v = 0; v < Voices; ++v) accumulate(count, sums + v, matrix, row, std::array{x[v]}, stride);
  }
}

/// The same for one voice.
template <std::size_t Count, class Of, class M, class P, std::size_t Gates>
INLAY_INLINE void accumulate(Extent<Count, Of> count, P (&sums)[Gates], const M& matrix, std::size_t row,
                             const typename M::value_type* x, std::size_t stride = 1) noexcept {
  accumulate(count, &sums, matrix, row, std::array{x}, stride);
}

}  // namespace inlay::INLAY_ISA

/// The two forms of y = b + W x: one frame with lanes across outputs, and a tile with lanes across frames.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/column.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/matrix.hpp"
#include "inlay/core/pack.hpp"

namespace inlay {

/// sums[v][g] += W(:, gate g) * x[v] for each voice v and `count` columns, from column `first` on, of the panel at row
/// `row`; x is read `stride` values apart.
///
/// A sum of few registers is a chain of additions that each wait for the one before, so columns are
/// dealt to several sets of sums that are added at the end. Voices take turns as far as there are registers for the
/// sums of all of them: they hide each other's latency, and each weight is loaded once. Every voice is summed in the
/// order in which it would be summed alone.
template <std::size_t Count, class Of, class M, class P, std::size_t Gates, std::size_t Voices>
INLAY_INLINE void accumulate(Extent<Count, Of> count, P (*sums)[Gates], const M& matrix, std::size_t row,
                             std::size_t first, const std::array<const typename M::value_type*, Voices>& x,
                             std::size_t stride = 1) noexcept {
  using B = typename M::backend;
  static_assert(Gates == M::gates);
  constexpr std::size_t in_flight = 8;  // latency times throughput of a multiply-add
  constexpr std::size_t sums_of_a_set = Gates * P::registers;
  // One gate alone has registers to spare for the set that goes beyond what is needed.
  constexpr std::size_t rounding = Gates == 1 ? sums_of_a_set - 1 : 0;
  constexpr std::size_t wanted = B::width == 1 ? 1 : std::max<std::size_t>(1, (in_flight + rounding) / sums_of_a_set);
  constexpr std::size_t sets = Count < 8 ? 1 : std::min<std::size_t>(wanted, 4);
  constexpr std::size_t height = P::lanes * P::registers;
  if constexpr (Voices > 1 &&
                (B::width == 1 || Voices * sets * sums_of_a_set + Voices + 1 > compiler::simd_registers)) {
    for (std::size_t v = 0; v < Voices; ++v) accumulate(count, sums + v, matrix, row, first, std::array{x[v]}, stride);
    return;
  }
  const auto* weights = matrix.column(row, height, first);

  const auto each = [&](auto&& f) INLAY_INLINE_LAMBDA {
    repeat<Gates>([&](std::size_t g)
                      INLAY_INLINE_LAMBDA { repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA { f(v, g); }); });
  };
  const auto add_column = [&](P(*to)[Gates], std::size_t col) INLAY_INLINE_LAMBDA {
    const auto* const column = weights + col * Gates * height;
    if constexpr (M::compact) {
      for_halves<P, Gates>(column, [&](std::size_t g, std::size_t i, auto w) INLAY_INLINE_LAMBDA {
        repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA {
          to[v][g].r[i] = B::fma(w, B::template fill<P::lanes>(x[v][col * stride]), to[v][g].r[i]);
        });
      });
    } else {
      repeat<Gates>([&](std::size_t g) INLAY_INLINE_LAMBDA {
        if constexpr (Voices == 1) {
          to[0][g].axpy(column + g * height, x[0][col * stride]);
        } else {
          const P weights_of_all = P::load_once(column + g * height);
          repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA { to[v][g].axpy(weights_of_all, x[v][col * stride]); });
        }
      });
    }
  };
  // For what is nothing yet.
  const auto first_column = [&](P(*to)[Gates], std::size_t col) INLAY_INLINE_LAMBDA {
    each([&](std::size_t v, std::size_t g) INLAY_INLINE_LAMBDA {
      if constexpr (M::compact) to[v][g] = P::fill(0);
      else to[v][g] = P::product(weights + (col * Gates + g) * height, x[v][col * stride]);
    });
    if constexpr (M::compact) add_column(to, col);
  };

  if constexpr (sets == 1) {
    for (std::size_t col = 0; col < count; ++col) add_column(sums, col);
  } else {
    if constexpr (Count == dynamic)
      if (count < sets) {
        for (std::size_t col = 0; col < count; ++col) add_column(sums, col);
        return;
      }
    P more[sets - 1][Voices][Gates];
    add_column(sums, 0);
    repeat<sets - 1>([&](std::size_t s) INLAY_INLINE_LAMBDA { first_column(more[s], s + 1); });
    const std::size_t whole = count / sets * sets;
    for (std::size_t col = sets; col < whole; col += sets) {
      add_column(sums, col);
      repeat<sets - 1>([&](std::size_t s) INLAY_INLINE_LAMBDA { add_column(more[s], col + s + 1); });
    }
    if constexpr (Count != dynamic)
      repeat<Count % sets>(
          [&](std::size_t s) INLAY_INLINE_LAMBDA { add_column(s == 0 ? sums : more[s == 0 ? 0 : s - 1], whole + s); });
    else
      for (std::size_t col = whole; col < count; ++col) add_column(sums, col);
    repeat<sets - 1>([&](std::size_t s) INLAY_INLINE_LAMBDA {
      each([&](std::size_t v, std::size_t g) INLAY_INLINE_LAMBDA { sums[v][g].add(more[s][v][g]); });
    });
  }
}

/// The same for one voice.
template <std::size_t Count, class Of, class M, class P, std::size_t Gates>
INLAY_INLINE void accumulate(Extent<Count, Of> count, P (&sums)[Gates], const M& matrix, std::size_t row,
                             std::size_t first, const typename M::value_type* x, std::size_t stride = 1) noexcept {
  accumulate(count, &sums, matrix, row, first, std::array{x}, stride);
}

namespace detail {

/// Rows `row` + [0, Outs) of the panel of `height` rows at `panel`, for `Registers` registers of frames.
template <std::size_t Outs, std::size_t Registers, class M, class T>
INLAY_INLINE void multiply_patch(std::size_t taps, const M& matrix, const T* bias, std::size_t panel,
                                 std::size_t height, std::size_t row, const Window<T>& x, std::size_t dilation,
                                 Block<T> out, std::size_t frame) noexcept {
  using B = typename M::backend;
  using Frames = Pack<B, Registers * B::width>;
  const std::size_t channels = matrix.cols() / taps;
  Frames sums[Outs];
  repeat<Outs>([&](std::size_t o) INLAY_INLINE_LAMBDA { sums[o] = Frames::fill(bias[panel + row + o]); });
  const auto* w = matrix.column(panel, height, 0);
  std::size_t at[Outs];
  for (std::size_t o = 0; o < Outs; ++o) at[o] = M::place(row + o, height);
  for (std::size_t tap = 0; tap < taps; ++tap) {
    const T* source = x.now - (taps - 1 - tap) * dilation + frame;
    for (std::size_t c = 0; c < channels; ++c) {
      const Frames signal = Outs > 1 ? Frames::load_once(source) : Frames::load(source);
      repeat<Outs>([&](std::size_t o) INLAY_INLINE_LAMBDA { sums[o].axpy(signal, static_cast<T>(w[at[o]])); });
      source += x.channel_stride;
      w += height;
    }
  }
  repeat<Outs>([&](std::size_t o) INLAY_INLINE_LAMBDA { sums[o].store(out.row(panel + row + o) + frame); });
}

}  // namespace detail

/// out(o, t) = bias[o] + sum over taps k and channels c of W(k * channels + c, o) * x(c, t - (taps - 1 - k) *
/// dilation), for the frames of a tile rounded up to whole registers. Every frame is computed in the same order of
/// operations wherever it stands in the tile.
template <std::size_t Taps, class Of, class M, class T>
void multiply(Extent<Taps, Of> taps, const M& matrix, const T* bias, const Window<T>& x, std::size_t dilation,
              Block<T> out, std::size_t frames) noexcept {
  using B = typename M::backend;
  constexpr std::size_t registers = B::width == 1 ? 16 : compiler::simd_registers / 8;
  constexpr std::size_t tall = 4;
  matrix.for_each_panel([&](std::size_t panel, std::size_t height) INLAY_INLINE_LAMBDA {
    const auto rows = [&]<std::size_t Outs>(std::size_t row) INLAY_INLINE_LAMBDA {
      std::size_t t = 0;
      for (; t + (registers - 1) * B::width < frames; t += registers * B::width)
        detail::multiply_patch<Outs, registers>(taps, matrix, bias, panel, height, row, x, dilation, out, t);
      for (; t < frames; t += B::width)
        detail::multiply_patch<Outs, 1>(taps, matrix, bias, panel, height, row, x, dilation, out, t);
    };
    const std::size_t count = std::min(height, matrix.rows() - panel);
    std::size_t row = 0;
    for (; row + tall <= count; row += tall) rows.template operator()<tall>(row);
    if constexpr (!M::panels_of_multiples(tall)) {
      if (row + 2 <= count) {
        rows.template operator()<2>(row);
        row += 2;
      }
      if (row < count) rows.template operator()<1>(row);
    }
  });
}

}  // namespace inlay

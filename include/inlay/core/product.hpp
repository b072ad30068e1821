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

/// Sums over the columns of one panel of M, while they are added up: sums[v][g], packs P, for each voice and gate.
///
/// A sum of few registers is a chain of additions that each wait for the one before, so columns are dealt to several
/// sets of sums, as far as there are `Columns` for them, and those are added at the end. Voices take turns: they hide
/// each other's latency, and each weight is loaded once. Every voice is summed in the order in which it would be summed
/// alone.
template <std::size_t Columns, class M, class P, std::size_t Gates, std::size_t Voices>
class PanelSum {
  using B = typename M::backend;
  using T = typename M::value_type;
  static_assert(Gates == M::gates);
  static constexpr std::size_t in_flight = 8;  // latency times throughput of a multiply-add
  static constexpr std::size_t sums_of_a_set = Gates * P::registers;
  // One gate alone has registers to spare for the set that goes beyond what is needed.
  static constexpr std::size_t rounding = Gates == 1 ? sums_of_a_set - 1 : 0;
  static constexpr std::size_t wanted =
      B::width == 1 ? 1 : std::max<std::size_t>(1, (in_flight + rounding) / sums_of_a_set);
  static constexpr std::size_t sets = Columns < 8 ? 1 : std::min<std::size_t>(wanted, 4);
  static constexpr std::size_t height = P::lanes * P::registers;

 public:
  /// Whether there are registers for the sums of all voices.
  static constexpr bool fits =
      Voices == 1 || (B::width > 1 && Voices * sets * sums_of_a_set + Voices + 1 <= compiler::simd_registers);

  /// Of the panel whose columns begin at `weights`; `finish` adds to what is in `sums`.
  INLAY_INLINE PanelSum(P (*sums)[Gates], const weight_of<B>* weights) noexcept : weights_(weights), sums_(sums) {
    repeat<sets - 1>([&](std::size_t s) INLAY_INLINE_LAMBDA {
      each([&](std::size_t v, std::size_t g) INLAY_INLINE_LAMBDA { more_[s][v][g] = P::fill(0); });
    });
  }

  /// Adds W(column, gate g) * x[v] for `count` columns, from column `first` on; x is read `stride` values apart.
  template <std::size_t Count, class Of>
  INLAY_INLINE void add(Extent<Count, Of> count, std::size_t first, const std::array<const T*, Voices>& x,
                        std::size_t stride) noexcept {
    const auto* weights = weights_ + first * Gates * height;
    const auto column = [&](std::size_t set, std::size_t col)
                            INLAY_INLINE_LAMBDA { add_column(set, weights + col * Gates * height, x, col * stride); };
    const std::size_t whole = count / sets * sets;
    const auto round = [&](std::size_t col) INLAY_INLINE_LAMBDA {
      repeat<sets>([&](std::size_t s) INLAY_INLINE_LAMBDA { column(s, col + s); });
    };
    if constexpr (B::width == 1) {  // for the compiler to unroll and to vectorise
      for (std::size_t col = 0; col < whole; col += sets) round(col);
    } else {
      INLAY_ROLLED
      for (std::size_t col = 0; col < whole; col += sets) round(col);
    }
    repeat<Count == dynamic ? sets - 1 : Count % sets>([&](std::size_t s) INLAY_INLINE_LAMBDA {
      if (whole + s < count) column(s, whole + s);
    });
  }

  INLAY_INLINE void finish() noexcept {
    const auto join = [&](std::size_t to, std::size_t from) INLAY_INLINE_LAMBDA {
      each([&](std::size_t v, std::size_t g) INLAY_INLINE_LAMBDA { set(to)[v][g].add(set(from)[v][g]); });
    };
    if constexpr (sets == 4) join(2, 3);
    if constexpr (sets >= 2) join(0, 1);
    if constexpr (sets >= 3) join(0, 2);
  }

 private:
  template <class F>
  static INLAY_INLINE void each(F&& f) noexcept {
    repeat<Gates>([&](std::size_t g)
                      INLAY_INLINE_LAMBDA { repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA { f(v, g); }); });
  }
  INLAY_INLINE P (*set(std::size_t s) noexcept)[Gates] { return s == 0 ? sums_ : more_[s - 1]; }

  INLAY_INLINE void add_column(std::size_t s, const weight_of<B>* column, const std::array<const T*, Voices>& x,
                               std::size_t at) noexcept {
    P(*const to)[Gates] = set(s);
    if constexpr (M::compact) {
      for_halves<P, Gates>(column, [&](std::size_t g, std::size_t i, auto w) INLAY_INLINE_LAMBDA {
        repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA {
          to[v][g].r[i] = B::fma(w, B::template fill<P::lanes>(x[v][at]), to[v][g].r[i]);
        });
      });
    } else {
      // Two sums or fewer are left to take their turns, see Pack::axpy.
      constexpr bool in_turns = !compiler::has_fma && Gates * P::registers <= 2;
      repeat<Gates>([&](std::size_t g) INLAY_INLINE_LAMBDA {
        if constexpr (Voices == 1 && !in_turns) {
          to[0][g].axpy(column + g * height, x[0][at]);
        } else {
          const P weights_of_all = P::load_once(column + g * height);
          repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA { to[v][g].axpy(weights_of_all, x[v][at]); });
        }
      });
    }
  }

  const weight_of<B>* weights_;
  P (*sums_)[Gates];
  P more_[sets - 1 + (sets == 1)][Voices][Gates];
};

/// sums[v][g] += W(:, gate g) * x[v] for each voice v and the first `count` columns of the panel at row `row`; x is
/// read `stride` values apart. Voices for which there are no registers come one after the other.
template <std::size_t Count, class Of, class M, class P, std::size_t Gates, std::size_t Voices>
INLAY_INLINE void accumulate(Extent<Count, Of> count, P (*sums)[Gates], const M& matrix, std::size_t row,
                             const std::array<const typename M::value_type*, Voices>& x,
                             std::size_t stride = 1) noexcept {
  using Sum = PanelSum<Count, M, P, Gates, Voices>;
  if constexpr (Sum::fits) {
    Sum all(sums, matrix.column(row, P::lanes * P::registers, 0));
    all.add(count, 0, x, stride);
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

namespace detail {

/// What a product of one frame reads: channel c of tap k at x[c * stride - (taps - 1 - k) * back], that of the last tap
/// at now[c * now_stride].
template <std::size_t Taps, std::size_t Channels, class T>
struct FrameInput {
  INLAY_NO_ADDRESS Extent<Taps, struct OfTaps> taps;
  INLAY_NO_ADDRESS Extent<Channels, struct OfChannels> channels;
  const T* x;
  std::size_t stride, back;
  const T* now;
  std::size_t now_stride;
};

/// One panel of `Height` rows.
template <std::size_t Height, class M, std::size_t Taps, std::size_t Channels, class T>
INLAY_INLINE void multiply_panel(const weight_of<typename M::backend>* weights, const T* bias,
                                 const FrameInput<Taps, Channels, T>& in, T* out) noexcept {
  using Rows = Pack<typename M::backend, Height>;
  Rows sums[1] = {Rows::load(bias)};
  PanelSum<times<Taps, Channels>, M, Rows, 1, 1> sum(&sums, weights);
  const auto& [taps, channels, x, stride, back, now, now_stride] = in;
  for (std::size_t k = 0; k + 1 < taps; ++k)
    sum.add(channels, k * channels, std::array{x - (taps - 1 - k) * back}, stride);
  sum.add(channels, (taps - 1) * channels, std::array{now}, now_stride);
  sum.finish();
  sums[0].store(out);
}
/// The same as a function for each height: with the code of all in one, compilers run out of registers.
template <std::size_t Height, class M, std::size_t Taps, std::size_t Channels, class T>
INLAY_NOINLINE void multiply_open_panel(const weight_of<typename M::backend>* weights, const T* bias,
                                        const FrameInput<Taps, Channels, T>& in, T* out) noexcept {
  multiply_panel<Height, M>(weights, bias, in, out);
}

}  // namespace detail

/// One frame: out(o) = bias[o] + sum over taps k and channels c of W(k * channels + c, o) * x(c, (taps - 1 - k) *
/// dilation frames ago). The channels of the present frame are read at `now`, `now_stride` values apart.
template <std::size_t Taps, class OfTaps, std::size_t Channels, class OfChannels, class M, class T>
INLAY_INLINE void multiply(Extent<Taps, OfTaps> taps, Extent<Channels, OfChannels> channels, const M& matrix,
                           const T* bias, const Window<T>& x, std::size_t dilation, const T* now,
                           std::size_t now_stride, T* out) noexcept {
  const std::size_t back = dilation * x.frame_stride;
  const T* const oldest = x.now - (taps - 1) * back;
  if constexpr (Channels == dynamic) {
    detail::FrameInput<Taps, dynamic, T> in{{}, {channels}, x.now, x.channel_stride, back, now, now_stride};
    if constexpr (Taps == dynamic) {
      in.taps.value = taps;
      if (channels == 1) in = {{1}, {taps}, nullptr, 0, 0, oldest, back};  // then taps are its columns
    }
    matrix.for_heights([]<std::size_t Height>() { return &detail::multiply_open_panel<Height, M, Taps, dynamic, T>; },
                       [&](std::size_t row, std::size_t height, auto multiply_rows) INLAY_INLINE_LAMBDA {
                         multiply_rows(matrix.column(row, height, 0), bias + row, in, out + row);
                       });
  } else {
    matrix.for_panels([&]<std::size_t Height>(std::size_t row) INLAY_INLINE_LAMBDA {
      const auto rows = [&](const auto& in) INLAY_INLINE_LAMBDA {
        detail::multiply_panel<Height, M>(matrix.column(row, Height, 0), bias + row, in, out + row);
      };
      if constexpr (Channels == 1 && Taps > 1)
        rows(detail::FrameInput<1, Taps, T>{{}, {}, nullptr, 0, 0, oldest, back});
      else rows(detail::FrameInput<Taps, Channels, T>{{}, {}, x.now, x.channel_stride, back, now, now_stride});
    });
  }
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

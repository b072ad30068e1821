/// multiply_tile_in_runs: y = f(b + W x + V u) for a tile, for processors without vectors.
#pragma once

#include <algorithm>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/load_run.hpp"
#include "inlay/core/matrix.hpp"
#include "inlay/core/repeat.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA::detail {

/// True if tiles are computed by `multiply_tile_in_runs` with backend B.
template <class B>
inline constexpr bool tiles_in_runs = B::width == 1 && longest_run<typename B::scalar> > 0;

/// A further product of the same rows, V u: `u` is a tile of V's columns.
template <class M, class T>
struct OtherProduct {
  const M& matrix;
  const T* u;
};

/// No function after the product.
struct NoFunction {
  INLAY_INLINE auto operator()(auto sum, std::size_t) const noexcept { return sum; }
};

/// The arguments of a patch that are those of its panel.
template <class M, std::size_t Channels, class T, class Past>
struct PanelOfTile {
  std::size_t first, height;  ///< rows of the matrix
  const weight_of<typename M::backend>* weights;
  const T* bias;
  Extent<Channels> channels;
  std::size_t taps, dilation;
  Window<T, Past> x;
  const T* addend;
  T* out;
};

/// Computes rows `row`, ..., `row` + Outs - 1 of a panel for `Frames` frames, a multiple of four.
template <std::size_t Outs, std::size_t Frames, class M, std::size_t Channels, class T, class Past, class F,
          class... More>
INLAY_INLINE void multiply_patch_in_runs(const PanelOfTile<M, Channels, T, Past>& panel, std::size_t row,
                                         std::size_t frame, const F& then, const More&... more) noexcept {
  using B = typename M::backend;
  T sums[Outs][Frames];
  const auto each = repeat_pairs<Outs, Frames>;
  const T* const bias = panel.bias + row;
  const std::size_t first = row * tile_frames + frame;
  if (panel.addend)
    each([&](std::size_t o, std::size_t t)
             INLAY_INLINE_LAMBDA { sums[o][t] = bias[o] + panel.addend[first + o * tile_frames + t]; });
  else each([&](std::size_t o, std::size_t t) INLAY_INLINE_LAMBDA { sums[o][t] = bias[o]; });

  std::size_t index[Outs];
  for (std::size_t o = 0; o < Outs; ++o) index[o] = M::index(row + o, panel.height);
  const auto* weights = panel.weights;
  const auto add_channel = [&](const auto*& column, const T* source) INLAY_INLINE_LAMBDA {
    T w[Outs];
    if constexpr (!M::compact) load_few(column + row, w);
    else repeat<Outs>([&](std::size_t o) INLAY_INLINE_LAMBDA { w[o] = static_cast<T>(column[index[o]]); });
    repeat<Frames / 4>([&](std::size_t run) INLAY_INLINE_LAMBDA {
      load_run<4>(source, [&](std::size_t t, T value) INLAY_INLINE_LAMBDA {
        repeat<Outs>([&](std::size_t o) INLAY_INLINE_LAMBDA {
          T& sum = sums[o][4 * run + t];
          sum = B::fma(value, w[o], sum);
          before_next_run(sum);
        });
      });
    });
    column += panel.height;
  };
  [[maybe_unused]] const auto add_more = [&](const auto& part) INLAY_INLINE_LAMBDA {
    if constexpr (requires { part.matrix; }) {
      const auto* column = part.matrix.column(panel.first, panel.height, 0);
      for (std::size_t c = 0; c < part.matrix.cols(); ++c) add_channel(column, part.u + c * tile_frames + frame);
    } else {
      for (std::size_t c = 0; c < part.channels; ++c) add_channel(weights, part.x.row(c) + frame);
    }
  };
  (add_more(more), ...);
  for (std::size_t tap = 0; tap < panel.taps; ++tap) {
    const T* source = panel.x.run((panel.taps - 1 - tap) * panel.dilation) + frame;
    if constexpr (Channels <= 4)
      repeat<Channels>([&](std::size_t c)
                           INLAY_INLINE_LAMBDA { add_channel(weights, source + c * panel.x.channel_stride); });
    else
      for (std::size_t c = 0; c < panel.channels; ++c, source += panel.x.channel_stride) add_channel(weights, source);
  }
  each([&](std::size_t o, std::size_t t)
           INLAY_INLINE_LAMBDA { panel.out[first + o * tile_frames + t] = then(sums[o][t], panel.first + row + o); });
}

/// Computes a tile as `multiply` does. `then(sum, row)` is applied to every sum before it is stored. `more` is an input
/// that the first columns of the matrix belong to, or an `OtherProduct`.
template <std::size_t Taps, std::size_t Channels, class M, class T, class Past, class F, class... More>
void multiply_tile_in_runs(Extent<Taps> taps, Extent<Channels> channels, const M& matrix, const T* bias,
                           const Window<T, Past>& window, std::size_t dilation, const T* addend, Block<T> out,
                           std::size_t frames, const F& then, const More&... more) noexcept {
  for (std::size_t first = 0, height = 0; first < matrix.padded_rows(); first += height) {
    height = matrix.panel_height(first);
    const PanelOfTile<M, Channels, T, Past> panel{
        first,         height,   matrix.column(first, height, 0),
        bias + first,  channels, taps,
        dilation,      window,   addend ? addend + first * tile_frames : nullptr,
        out.row(first)};
    const auto rows = [&]<std::size_t Outs>(std::size_t row) INLAY_INLINE_LAMBDA {
      constexpr std::size_t most = Outs == 4 ? 4 : 8;  // sums, weights and four inputs fit into 32 registers
      std::size_t t = 0;
      for (; t + (most - 4) < frames; t += most) multiply_patch_in_runs<Outs, most>(panel, row, t, then, more...);
      if constexpr (most > 4)
        if (t < frames) multiply_patch_in_runs<Outs, 4>(panel, row, t, then, more...);
    };
    const std::size_t count = std::min(height, matrix.rows() - first);
    std::size_t row = 0;
    if constexpr (M::any_panel([](std::size_t n) { return n >= 4; }))
      for (; row + 4 <= count; row += 4) rows.template operator()<4>(row);
    if constexpr (M::any_panel([](std::size_t n) { return n % 4 == 3; }))
      if (row + 3 == count) rows.template operator()<3>(row);
    if constexpr (M::any_panel([](std::size_t n) { return n % 4 == 2; }))
      if (row + 2 == count) rows.template operator()<2>(row);
    if constexpr (M::any_panel([](std::size_t n) { return n % 4 == 1; }))
      if (row + 1 == count) rows.template operator()<1>(row);
  }
}

}  // namespace inlay::INLAY_ISA::detail

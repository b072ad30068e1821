/// multiply_tile_in_runs: y = f(b + W x + V u) for a tile, for processors without vectors.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "inlay/core/block.hpp"
#include "inlay/core/column.hpp"
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
  static INLAY_INLINE void add_before(auto&&...) noexcept {}
  INLAY_INLINE void add_after(auto& patch, std::size_t first, std::size_t row, std::size_t height,
                              std::size_t frame) const noexcept {
    const auto* weights = matrix.column(first, height, 0);
    const auto integers = patch.template rows_of<M>(weights, row, height);
    const T* source = u + frame;
    for (std::size_t c = 0; c < matrix.cols(); ++c) patch.add(integers, weights, row, height, source, tile_frames);
  }
};

/// No function after the product. Such a type calls `store(f)`, where `f(sum, row)` is the function of one value.
struct NoFunction {
  INLAY_INLINE void operator()(auto&& store) const noexcept {
    store([](auto sum, std::size_t) INLAY_INLINE_LAMBDA { return sum; });
  }
};

/// A function, and a sum of tiles that its values are added to: to = from + f(sum). `to` may be `from`.
template <class F, class T>
struct AddedTo {
  F function;
  const T* from;
  T* to;
};

/// The arguments of a patch that are those of its panel.
template <class M, std::size_t Channels, class T, class Past>
struct PanelOfTile {
  std::size_t first, height;  ///< rows of the matrix
  const typename M::Weight* weights;
  const T* bias;
  Extent<Channels> channels;
  std::size_t taps, dilation;
  Window<T, Past> x;
  const T* addend;
  T* out;
};

/// The sums of `Outs` rows for `Frames` frames, a multiple of four, in registers.
template <std::size_t Outs, std::size_t Frames, class M>
struct Patch {
  using B = typename M::backend;
  using T = typename B::scalar;
  T sums[Outs][Frames];

  INLAY_INLINE void start(const T* bias) noexcept {
    repeat_pairs<Outs, Frames>([&](std::size_t o, std::size_t t) INLAY_INLINE_LAMBDA { sums[o][t] = bias[o]; });
  }
  /// Starts with the sum of bias and `addend`, rows of a tile.
  INLAY_INLINE void start(const T* bias, const T* addend) noexcept {
    repeat_pairs<Outs, Frames / 4>([&](std::size_t o, std::size_t run) INLAY_INLINE_LAMBDA {
      load_run<4>(addend, [&](std::size_t t, T value) INLAY_INLINE_LAMBDA {
        T& sum = sums[o][4 * run + t];
        sum = bias[o] + value;
        before_next_run(sum);
      });
      if (4 * run + 4 == Frames) addend += tile_frames - Frames;
    });
  }
  /// The `RowsOf` of this patch in a panel of matrix X, whose first column is at `weights`.
  template <class X>
  static INLAY_INLINE RowsOf<X, Outs> rows_of(const typename X::Weight* weights, std::size_t row,
                                              std::size_t height) noexcept {
    return {weights, row, height};
  }
  /// Adds a channel, and advances to the next one: by `height` weights and `stride` values.
  template <class Weight>
  INLAY_INLINE void add([[maybe_unused]] const auto& integers, const Weight*& weights, std::size_t row,
                        std::size_t height, const T*& source, std::size_t stride) noexcept {
    T w[Outs];
    if constexpr (std::is_same_v<Weight, T>) {
      weights += row;
      load_few(weights, w);
      weights += height - Outs - row;
    } else {
      if constexpr (IntegerWeight<Weight>) integers.load(weights, w);
      else
        repeat<Outs>([&](std::size_t o)
                         INLAY_INLINE_LAMBDA { w[o] = static_cast<T>(weights[M::index(row + o, height)]); });
      weights += height;
    }
    repeat<Frames / 4>([&](std::size_t run) INLAY_INLINE_LAMBDA {
      load_run<4>(source, [&](std::size_t t, T value) INLAY_INLINE_LAMBDA {
        repeat<Outs>([&](std::size_t o) INLAY_INLINE_LAMBDA {
          T& sum = sums[o][4 * run + t];
          sum = B::fma(value, w[o], sum);
          before_next_run(sum);
        });
      });
    });
    source += stride - Frames;
  }
  /// Stores f(sum, row + o) of every row o in rows of a tile. `Adds`: adds what it stores to the rows `from`, and
  /// writes these sums to the rows `to`.
  template <bool Adds>
  INLAY_INLINE void store(T* out, std::size_t row, const auto& f, [[maybe_unused]] const T* from = nullptr,
                          [[maybe_unused]] T* to = nullptr) const noexcept {
    repeat_pairs<Outs, Frames / 4>([&](std::size_t o, std::size_t run) INLAY_INLINE_LAMBDA {
      T values[4];
      repeat<4>([&](std::size_t t) INLAY_INLINE_LAMBDA { values[t] = f(sums[o][4 * run + t], row + o); });
      store_run(out, values);
      if (4 * run + 4 == Frames) out += tile_frames - Frames;
      if constexpr (Adds) {
        T total[4];
        load_few(from, total);
        repeat<4>([&](std::size_t t) INLAY_INLINE_LAMBDA { total[t] += values[t]; });
        store_run(to, total);
        if (4 * run + 4 == Frames) from += tile_frames - Frames, to += tile_frames - Frames;
      }
    });
  }
};

/// Computes rows `row`, ..., `row` + Outs - 1 of a panel for `Frames` frames.
template <std::size_t Outs, std::size_t Frames, class M, std::size_t Channels, class T, class Past, class F,
          class... More>
INLAY_INLINE void multiply_patch_in_runs(const PanelOfTile<M, Channels, T, Past>& panel, std::size_t row,
                                         std::size_t frame, const F& then, const More&... more) noexcept {
  Patch<Outs, Frames, M> patch;
  const std::size_t first = row * tile_frames + frame, height = panel.height;
  if (panel.addend) patch.start(panel.bias + row, panel.addend + first);
  else patch.start(panel.bias + row);

  const auto* weights = panel.weights;
  const auto integers = patch.template rows_of<M>(weights, row, height);
  (more.add_before(patch, integers, weights, row, height, frame), ...);
  for (std::size_t tap = 0; tap < panel.taps; ++tap) {
    const T* source = panel.x.run((panel.taps - 1 - tap) * panel.dilation) + frame;
    const std::size_t stride = panel.x.channel_stride;
    if constexpr (Channels <= 4)
      repeat<Channels>([&](std::size_t)
                           INLAY_INLINE_LAMBDA { patch.add(integers, weights, row, height, source, stride); });
    else
      for (std::size_t c = 0; c < panel.channels; ++c) patch.add(integers, weights, row, height, source, stride);
  }
  (more.add_after(patch, panel.first, row, height, frame), ...);

  const std::size_t channel = panel.first + row;
  if constexpr (requires { then.to; })
    then.function([&](const auto& f) INLAY_INLINE_LAMBDA {
      patch.template store<true>(panel.out + first, channel, f, then.from + channel * tile_frames + frame,
                                 then.to + channel * tile_frames + frame);
    });
  else then([&](const auto& f) INLAY_INLINE_LAMBDA { patch.template store<false>(panel.out + first, channel, f); });
}

/// Computes a tile as `multiply` does. `then`, a function as `NoFunction` or an `AddedTo` of one, is applied to every
/// sum before it is stored. `more` is an input that the first columns of the matrix belong to, or an `OtherProduct`.
template <std::size_t Taps, std::size_t Channels, class M, class T, class Past, class F, class... More>
void multiply_tile_in_runs(Extent<Taps> taps, Extent<Channels> channels, const M& matrix, const T* bias,
                           const Window<T, Past>& window, std::size_t dilation, const T* addend, Block<T> out,
                           std::size_t frames, F then, More... more) noexcept {
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

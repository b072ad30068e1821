/// multiply: y = b + W x for a tile. The lanes of a register hold frames.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "inlay/core/block.hpp"
#include "inlay/core/column.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/matrix.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/core/tile_runs.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Input of a tile: `channels` rows.
template <class T>
struct TileInput {
  std::size_t channels;
  Block<const T> x;

  /// For `multiply_tile_in_runs`.
  INLAY_INLINE void add_before(auto& patch, const auto& integers, auto& weights, std::size_t row, std::size_t height,
                               std::size_t frame) const noexcept {
    const T* source = x.row(0) + frame;
    for (std::size_t c = 0; c < channels; ++c) patch.add(integers, weights, row, height, source, tile_frames);
  }
  static INLAY_INLINE void add_after(auto&&...) noexcept {}
};

/// True if the four weights of a patch's rows are lanes of one register: they are adjacent floats.
template <class M>
inline constexpr bool by_lane =
    compiler::multiplies_by_lane && M::backend::width > 1 && !M::compact && sizeof(typename M::value_type) == 4;

/// Computes rows `row`, ..., `row` + Outs - 1 of a panel of `height` rows, for `Registers` registers of frames.
/// Pointers are those of the panel.
template <std::size_t Outs, std::size_t Registers, class M, class T, class... Before>
INLAY_INLINE void multiply_patch(std::size_t taps, std::size_t channels, const typename M::Weight* weights,
                                 std::size_t height, std::size_t row, const T* bias, Window<T> x, std::size_t dilation,
                                 const T* addend, T* out, std::size_t frame, Before... before) noexcept {
  using B = typename M::backend;
  using Frames = Pack<B, Registers * B::width>;
  Frames sums[Outs];
  repeat<Outs>([&](std::size_t o) INLAY_INLINE_LAMBDA { sums[o] = Frames::broadcast(bias[row + o]); });
  // Constant distances from a pointer: WebAssembly's loads include them.
  const std::size_t first_weight = M::compact ? 0 : row;
  weights += first_weight;
  std::size_t index[Outs];
  for (std::size_t o = 0; o < Outs; ++o) index[o] = M::index(row + o, height) - first_weight;
  [[maybe_unused]] const RowsOf<M, Outs> integers(weights, row, height);  // used for integer weights only
  const auto add = [&](const T* source, std::size_t count, std::size_t stride) INLAY_INLINE_LAMBDA {
    if constexpr (by_lane<M> && Outs == 4) {
      for (std::size_t left = count; left > 0; --left) {  // downwards: one instruction counts and compares
        const auto factors = compiler::load_once<T, 4>(weights);
        const Frames signal = Frames::load(source);
        repeat<Outs>([&](std::size_t o) INLAY_INLINE_LAMBDA { sums[o].axpy(signal, factors[o]); });
        source += stride;
        weights += height;
      }
    } else if constexpr (M::scaled) {
      for (std::size_t c = 0; c < count; ++c) {
        const Frames signal = Outs > 1 ? Frames::load_once(source) : Frames::load(source);
        const auto factors = integers(weights);
        repeat<Outs>([&](std::size_t o) INLAY_INLINE_LAMBDA { sums[o].axpy(signal, factors[o]); });
        source += stride;
        weights += height;
      }
    } else {
      for (std::size_t c = 0; c < count; ++c) {
        const Frames signal = Outs > 1 ? Frames::load_once(source) : Frames::load(source);
        repeat<Outs>([&](std::size_t o)
                         INLAY_INLINE_LAMBDA { sums[o].axpy(signal, static_cast<T>(weights[index[o]])); });
        source += stride;
        weights += height;
      }
    }
  };
  (add(before.x.row(0) + frame, before.channels, tile_frames), ...);
  for (std::size_t tap = 0; tap < taps; ++tap)
    add(x.run((taps - 1 - tap) * dilation) + frame, channels, x.channel_stride);
  const std::size_t first = row * tile_frames + frame;
  if (addend)
    repeat<Outs>([&](std::size_t o)
                     INLAY_INLINE_LAMBDA { sums[o].add(Frames::load(addend + first + o * tile_frames)); });
  repeat<Outs>([&](std::size_t o) INLAY_INLINE_LAMBDA { sums[o].store(out + first + o * tile_frames); });
}

/// Rows of the largest patch. The rows that remain are patches of two rows and of one.
inline constexpr std::size_t tall = 4;

/// Depends on sizes only, not on the layer, so that this large function is instantiated once per size.
template <std::size_t Taps, std::size_t Channels, class M, class T, class... Before>
void multiply_tile(Extent<Taps> taps, Extent<Channels> channels, const M& matrix, const T* bias,
                   const Window<std::type_identity_t<T>>& window, std::size_t dilation, const T* addend, Block<T> out,
                   std::size_t frames, Before... before) noexcept {
  using B = typename M::backend;
  const Window<T> x = window;  // a local copy, which cannot alias the output
  constexpr std::size_t registers = B::width == 1 ? 16 : compiler::simd_registers <= 16 ? 2 : 4;
  for (std::size_t panel = 0, height = 0; panel < matrix.padded_rows(); panel += height) {
    height = matrix.panel_height(panel);
    const auto* const weights = matrix.column(panel, height, 0);
    const T* const added = addend ? addend + panel * tile_frames : nullptr;
    T* const to = out.row(panel);
    const auto rows = [&]<std::size_t Outs>(std::size_t row) INLAY_INLINE_LAMBDA {
      std::size_t t = 0;
      for (; t + (registers - 1) * B::width < frames; t += registers * B::width)
        multiply_patch<Outs, registers, M>(taps, channels, weights, height, row, bias + panel, x, dilation, added, to,
                                           t, before...);
      for (; t < frames; t += B::width)
        multiply_patch<Outs, 1, M>(taps, channels, weights, height, row, bias + panel, x, dilation, added, to, t,
                                   before...);
    };
    const std::size_t count = std::min(height, matrix.rows() - panel);
    std::size_t row = 0;
    if constexpr (M::any_panel([](std::size_t n) { return n >= tall; }))
      for (; row + tall <= count; row += tall) rows.template operator()<tall>(row);
    if constexpr (M::any_panel([](std::size_t n) { return n % tall >= 2; }))
      if (row + 2 <= count) {
        rows.template operator()<2>(row);
        row += 2;
      }
    if constexpr (M::any_panel([](std::size_t n) { return n % 2 == 1; }))
      if (row < count) rows.template operator()<1>(row);
  }
}

}  // namespace detail

/// A tile of a convolution: out(o, t) = bias[o] + sum over taps k and channels c of W(k * channels + c, o) * x(c, t -
/// (taps - 1 - k) * dilation) + addend(o, t). `addend`, the first row of a tile, may be null. The number of frames is
/// rounded up to whole registers. The order of operations of a frame does not depend on its position in the tile. With
/// an additional input `before`, the first columns of the matrix belong to it.
template <std::size_t Taps, class OfTaps, std::size_t Channels, class OfChannels, class M, class T, class Past,
          class... Before>
INLAY_INLINE void multiply(Extent<Taps, OfTaps> taps, Extent<Channels, OfChannels> channels, const M& matrix,
                           const T* bias, const Window<T, Past>& window, std::size_t dilation,
                           const std::type_identity_t<T>* addend, Block<T> out, std::size_t frames,
                           Before... before) noexcept {
  if constexpr (detail::tiles_in_runs<typename M::backend>)
    detail::multiply_tile_in_runs(untagged(taps), untagged(channels), matrix, bias, window, dilation, addend, out,
                                  frames, detail::NoFunction{}, before...);
  else
    detail::multiply_tile(untagged(taps), untagged(channels), matrix, bias, window, dilation, addend, out, frames,
                          before...);
}

}  // namespace inlay::INLAY_ISA

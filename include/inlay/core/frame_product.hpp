/// multiply: y = b + W x for a frame. The lanes of a register hold outputs.
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include "inlay/core/compiler.hpp"
#include "inlay/core/epilogue.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/matrix.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/panel_accumulator.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Input of a product of one frame: contiguous channels.
template <std::size_t Channels, class T>
struct FrameInput {
  static constexpr std::size_t columns = Channels;
  INLAY_NO_ADDRESS Extent<Channels> channels;
  const T* x;

  INLAY_INLINE void add_to(auto& sum) const noexcept { sum.add(channels, std::array{x}, 1); }
};

/// Input of a convolution of one frame: all taps but the last from the window, and the present frame, whose channel c
/// is now[c * now_stride].
template <std::size_t Taps, std::size_t Channels, class T, class Past>
struct TapsInput {
  static constexpr std::size_t columns = times<Taps, Channels>;
  INLAY_NO_ADDRESS Extent<Taps, struct OfTaps> taps;
  INLAY_NO_ADDRESS Extent<Channels, struct OfChannels> channels;
  Window<T, Past> x;
  std::size_t dilation;
  const T* now;
  std::size_t now_stride;

  INLAY_INLINE void add_to(auto& sum) const noexcept {
    for (std::size_t back = (taps - 1) * dilation; back > 0; back -= dilation)
      sum.add(channels, std::array{x.at(0, back)}, x.channel_stride);
    sum.add(channels, std::array{now}, now_stride);
  }
};

/// Returns the taps of a convolution as a `TapsInput`. Taps of a single channel, whose past is unbroken, are treated as
/// channels of one tap.
template <std::size_t Taps, class OfTaps, std::size_t Channels, class OfChannels, class T, class Past>
INLAY_INLINE auto taps_of(Extent<Taps, OfTaps> taps, Extent<Channels, OfChannels> channels, const Window<T, Past>& x,
                          std::size_t dilation, const T* now, std::size_t now_stride) noexcept {
  const std::size_t back = dilation * x.frame_stride;
  if constexpr (Taps == dynamic || Channels == dynamic) {
    using Dynamic = TapsInput<dynamic, dynamic, T, Past>;
    return channels == 1 ? Dynamic{{1}, {taps}, x, 0, x.now - (taps - 1) * back, back}
                         : Dynamic{{taps}, {channels}, x, dilation, now, now_stride};
  } else if constexpr (Channels == 1) {
    static_assert(std::is_same_v<Past, Unbroken> || Taps == 1);
    return TapsInput<1, Taps, T, Past>{{}, {}, x, 0, x.now - (taps - 1) * back, back};
  } else {
    return TapsInput<Taps, Channels, T, Past>{{}, {}, x, dilation, now, now_stride};
  }
}

/// An input whose columns are added in one set of accumulators, in the order in which a tile adds them.
template <class Input>
struct InOrder : Input {
  static constexpr bool in_one_set = true;
};

/// The columns that decide how many sets of accumulators a product has.
template <class Input>
inline constexpr std::size_t columns_in_sets = requires { Input::in_one_set; } ? 1 : Input::columns;

/// Two inputs of one product. The columns of the second follow those of the first.
template <class First, class Second>
struct BothInputs {
  static constexpr std::size_t columns = sum_of<First::columns, Second::columns>;
  First first;
  Second second;

  INLAY_INLINE void add_to(auto& sum) const noexcept {
    first.add_to(sum);
    second.add_to(sum);
  }
};

/// Computes one panel of `Height` rows: bias plus product, plus `addend` unless null. `then` stores the result.
template <std::size_t Height, class M, class Input, class T, class Then = NoEpilogue>
INLAY_INLINE void multiply_panel(const typename M::Weight* weights, const T* bias, const Input& in, const T* addend,
                                 T* out, const Then& then = {}) noexcept {
  using Rows = Pack<typename M::backend, Height>;
  Rows sums[1] = {Rows::load(bias)};
  PanelAccumulator<columns_in_sets<Input>, M, Rows, 1, 1> sum(&sums, weights);
  in.add_to(sum);
  sum.finish();
  if (addend) sums[0].add(Rows::load(addend));
  then.store(sums[0], out);
}

/// `multiply_panel` as a function per height, for dynamic sizes: with the code of all heights in one function,
/// compilers run out of registers. Inputs of at most two registers are passed by value.
template <class Input>
using Passed = std::conditional_t<sizeof(Input) <= 2 * sizeof(void*), Input, const Input&>;
template <std::size_t Height, class M, class Input, class T>
INLAY_NOINLINE void multiply_dynamic_panel(const typename M::Weight* weights, const T* bias, Passed<Input> in,
                                           const T* addend, T* out,
                                           const Epilogue<typename M::backend>& then) noexcept {
  multiply_panel<Height, M>(weights, bias, in, addend, out, then);
}
template <class B>
inline constexpr Epilogue<B> stores_only{};
template <class M, class Input, class T>
constexpr auto dynamic_panel = []<std::size_t Height>() { return &multiply_dynamic_panel<Height, M, Input, T>; };

template <class M, class Input, class T>
INLAY_NOINLINE void multiply_dynamic_panels(const M& matrix, const T* bias, Passed<Input> in, const T* addend,
                                            T* out) noexcept {
  for (std::size_t row = 0, height = 0; row < matrix.padded_rows(); row += height) {
    height = matrix.panel_height(row);
    const auto rows = M::for_height(dynamic_panel<M, Input, T>, height);
    rows(matrix.column(row, height, 0), bias + row, in, addend ? addend + row : nullptr, out + row,
         stores_only<typename M::backend>);
  }
}

/// Computes all panels of one frame.
template <class M, class Input, class T>
INLAY_INLINE void multiply_frame(const M& matrix, const T* bias, const Input& in, const std::type_identity_t<T>* addend,
                                 T* out) noexcept {
  if constexpr (Input::columns != dynamic) {
    matrix.for_panels([&]<std::size_t Height>(std::size_t row) INLAY_INLINE_LAMBDA {
      multiply_panel<Height, M>(matrix.column(row, Height, 0), bias + row, in, addend ? addend + row : nullptr,
                                out + row);
    });
  } else if (const std::size_t height = matrix.only_height()) {  // the most common case
    M::for_height(dynamic_panel<M, Input, T>, height)(matrix.column(0, height, 0), bias, in, addend, out,
                                                      stores_only<typename M::backend>);
  } else {
    multiply_dynamic_panels<M, Input, T>(matrix, bias, in, addend, out);
  }
}

}  // namespace detail

/// One frame: out[o] = bias[o] + sum over c of W(c, o) * x[c] + addend[o]. `addend` may be null.
template <std::size_t Channels, class Of, class M, class T>
INLAY_INLINE void multiply(Extent<Channels, Of> channels, const M& matrix, const T* bias, const T* x, const T* addend,
                           T* out) noexcept {
  detail::FrameInput<Channels, T> in{{}, x};
  if constexpr (Channels == dynamic) in.channels.value = channels;
  detail::multiply_frame(matrix, bias, in, addend, out);
}

/// One frame of a convolution: out[o] = bias[o] + sum over taps k and channels c of W(k * channels + c, o) * x(c, (taps
/// - 1 - k) * dilation frames ago) + addend[o]. `addend` may be null. Channel c of the present frame is read at now[c *
/// now_stride].
template <std::size_t Taps, class OfTaps, std::size_t Channels, class OfChannels, class M, class T, class Past>
INLAY_INLINE void multiply(Extent<Taps, OfTaps> taps, Extent<Channels, OfChannels> channels, const M& matrix,
                           const T* bias, const Window<T, Past>& x, std::size_t dilation, const T* now,
                           std::size_t now_stride, const std::type_identity_t<T>* addend, T* out) noexcept {
  const auto in = detail::taps_of(taps, channels, x, dilation, now, now_stride);
  detail::multiply_frame(matrix, bias, in, addend, out);
}

/// Whether so few frames of a tile are computed one by one, by `multiply_in_order`: with lanes across frames they would
/// fill a quarter of a register at most. A network that raises the rate has such tiles.
template <class M>
constexpr bool by_frames(std::size_t frames) noexcept {
  return M::backend::width > 1 && !M::scaled && 4 * frames <= M::backend::width;
}

/// The same as `multiply` for a frame of a convolution, with the bits of a tile.
template <class M, class T, class Past>
INLAY_NOINLINE void multiply_in_order(Extent<dynamic> taps, Extent<dynamic> channels, const M& matrix, const T* bias,
                                      const Window<T, Past>& x, std::size_t dilation, T* out) noexcept {
  using Input = detail::InOrder<detail::TapsInput<dynamic, dynamic, T, Past>>;
  const Input in{detail::taps_of(taps, channels, x, dilation, x.now, x.channel_stride)};
  detail::multiply_dynamic_panels<M, Input, T>(matrix, bias, in, nullptr, out);
}

}  // namespace inlay::INLAY_ISA

/// Conv1D: causal convolution over time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "inlay/backend/choice.hpp"
#include "inlay/backend/default.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/clock.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/frame_product.hpp"
#include "inlay/core/grouped_kernel.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/core/tile_product.hpp"

namespace inlay::INLAY_ISA {

/// Causal convolution over time, `In` to `Out` channels:
///
///     y(t) = bias + sum over k of kernel[k] x(t - (Kernel - 1 - k) Dilation)
///
/// x is zero before the start. With `Stride` above 1, an output frame is computed only if (t - (Kernel - 1) Dilation)
/// is a multiple of `Stride`.
///
/// Tensors: `kernel` [Kernel, In / Groups, Out], whose last row multiplies the present frame; with `Bias` also `bias`
/// [Out], optional in files. Output channel o belongs to group o / (Out / Groups), rounded down, and reads the In /
/// Groups input channels of that group.
///
/// PyTorch: Conv1d (weight [Out, In / Groups, Kernel]) after left padding of (Kernel - 1) Dilation. Keras: Conv1D with
/// padding='causal', the same layout. Cost per input frame: Kernel In Out / (Groups Stride) multiply-accumulates.
/// State: the last (Kernel - 1) Dilation frames.
template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Dilation, std::size_t Groups, bool Bias,
          Backend B, std::size_t Stride = 1>
class BasicConv1D {
  static_assert(Kernel > 0 && Dilation > 0 && Groups > 0 && Stride > 0);
  static constexpr bool is_dynamic = In == dynamic;
  static_assert(is_dynamic || (In % Groups == 0 && Out % Groups == 0),
                "inlay::Conv1D: In and Out must be multiples of Groups");
  static constexpr std::size_t past = is_dynamic ? dynamic : (Kernel - 1) * Dilation;
  static constexpr std::size_t group_in = is_dynamic ? dynamic : In / Groups,
                               group_out = is_dynamic ? dynamic : Out / Groups;
  using T = typename B::scalar;
  using Weights = Matrix<B, times<Kernel, group_in>, group_out>;
  static constexpr std::size_t padded_group = is_dynamic ? dynamic : round_up(group_out, row_unit<B, group_out>);
  /// True if a group may be written in whole registers whose last one reaches beyond the group's channels: into the
  /// next group, which is written later, or into the frame's padding. Frames of dynamic size have an extra register of
  /// padding.
  static constexpr bool in_whole_registers =
      is_dynamic || (Groups - 1) * group_out + padded_group <= padded_frame<T>(Out);
  struct Empty {};
  /// Array of `N` values if `Needed`, else empty.
  template <bool Needed, std::size_t N>
  using OptionalArray = AlignedArray<T, !Needed      ? 0
                                        : is_dynamic ? dynamic
                                                     : N>;

 public:
  using backend = B;
  using scalar = T;
  struct State {
    INLAY_NO_ADDRESS History<T, In, past, std::conditional_t<group_in == 1, Unbroken, Ring>> history;
    std::conditional_t<Stride == 1, Empty, Clock<past, Stride>> clock;
    OptionalArray<!in_whole_registers, padded_group> group;
    OptionalArray<Stride != 1, padded_frame<T>(Out)> frame;  ///< one output frame of a strided tile
  };
  static constexpr std::string_view type = "conv1d";
  static constexpr std::size_t in_size = In, out_size = Out;
  static constexpr std::size_t receptive_field = sum_of<past, 1>;
  static constexpr Rate rate{Stride, 1};
  static constexpr std::size_t parameters = Kernel * group_in * Out + (Bias ? Out : 0);
  static constexpr std::size_t macs = Kernel * group_in * Out / Stride;

  constexpr void visit(auto& v) {
    visit_options(v);
    v.tensor("kernel", kernel_);
    if constexpr (Bias) v.optional_tensor("bias", bias_, 0);
  }
  constexpr void visit_options(auto& v) {
    v.option("in", in_);
    v.option("out", out_);
    v.option("kernel_size", taps_);
    v.option("dilation", dilation_);
    v.option("groups", groups_);
    if constexpr (is_dynamic) v.option("stride", stride_, 1);
    else if constexpr (Stride > 1) v.option("stride", stride_);
    if constexpr (is_dynamic) {
      v.require(in_ % groups_ == 0 && out_ % groups_ == 0, "groups", "a divisor of both numbers of channels");
      resize();
    }
  }
  constexpr LayerShape shape() const noexcept {
    return {.in = in_,
            .out = out_,
            .past = bounded(std::uint64_t{taps_ - 1} * dilation_),
            .rate = {stride_, 1},
            .macs = bounded(std::uint64_t{taps_} * ins_ * out_ / stride_)};
  }

  void resize(State& state) const
    requires(is_dynamic)
  {
    state.history.resize(in_, reach(), ins_ == 1);
    state.clock.resize(reach(), stride_);
    state.frame.resize(padded_frame<T>(out_) + row_unit<B, dynamic>);
  }
  void reset(State& state) const noexcept {
    state.history.clear();
    if constexpr (Stride > 1) state.clock.reset();
  }

  /// Computes one frame. `addend`, if not null, is added to the output and may be `out`: weights and bias of a group's
  /// padding are zero, so that writing the padding leaves the next group's addend unchanged.
  INLAY_INLINE auto forward(State& state, const scalar* in, scalar* out,
                            const scalar* addend = nullptr) const noexcept {
    const auto x = state.history.push(in);
    if constexpr (Stride == 1) {
      product(state, x, in, 1, addend, out);
    } else {
      const bool due = stride_ == 1 || state.clock.tick();
      if (due) product(state, x, in, 1, addend, out);
      return std::size_t{due};
    }
  }

  auto process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               const scalar* addend = nullptr) const noexcept {
    const auto x = state.history.push(in, frames);
    if constexpr (Stride == 1) {
      multiply_groups(x, addend, out, frames);
    } else {
      if (stride_ == 1 && !(groups_ == 1 && by_frames<Weights>(frames)))
        return multiply_groups(x, addend, out, frames), frames;
      // Frame by frame, since there are too few output frames for lanes across time.
      scalar* to = out.row(0);
      return state.clock.tick(frames, [&](std::size_t t) INLAY_INLINE_LAMBDA {
        scalar* y = state.frame.data();
        const auto then = x.later(t);
        if (stride_ > 1) product(state, then, then.now, then.channel_stride, nullptr, y);
        else if constexpr (is_dynamic)
          multiply_in_order({taps_}, {ins_}, kernel_[0], bias_.data(0), then, dilation_, y);
        for (std::size_t c = 0; c < out_; ++c) to[c * tile_frames] = y[c] + (addend ? addend[c * tile_frames] : 0);
        ++to;
        if (addend) ++addend;
      });
    }
  }

  /// Computes a tile, and a function of every value. See `multiply_tile_in_runs` for `then` and `more`.
  void process_then(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames, const auto& then,
                    auto... more) const noexcept
    requires(!is_dynamic && Groups == 1 && Stride == 1 && detail::tiles_in_runs<B>)
  {
    detail::multiply_tile_in_runs(untagged(taps_), untagged(ins_), kernel_[0], bias_.data(0),
                                  state.history.push(in, frames), dilation_, static_cast<const scalar*>(nullptr), out,
                                  frames, then, more...);
  }

 protected:
  /// Sets the sizes of a convolution that is part of another layer.
  void resize(std::size_t in, std::size_t out, std::size_t taps)
    requires(is_dynamic)
  {
    in_.value = in, out_.value = out, taps_.value = taps;
    dilation_.value = groups_.value = stride_.value = 1;
    resize();
  }

 private:
  void resize() {
    ins_.value = in_ / groups_, outs_.value = out_ / groups_;
    kernel_.resize(taps_, in_, out_, groups_);
    bias_.resize(outs_, groups_);
  }
  /// Number of past frames that the oldest tap reaches.
  constexpr std::size_t reach() const noexcept { return (taps_ - 1) * dilation_; }

  void multiply_groups(const auto& x, const scalar* addend, Block<scalar> out, std::size_t frames) const noexcept {
    for (std::size_t g = 0; g < groups_; ++g)
      multiply(taps_, ins_, kernel_[g], bias_.data(g), x.from(g * ins_), dilation_,
               addend ? Block<const scalar>(addend).row(g * outs_) : nullptr, Block<scalar>(out.row(g * outs_)),
               frames);
  }

  /// Computes one output frame. Channel c of the present frame is read at now[c * now_stride].
  INLAY_INLINE void product(State& state, const auto& window, const scalar* now, std::size_t now_stride,
                            const scalar* addend, scalar* out) const noexcept {
    if constexpr (!is_dynamic)
      for (std::size_t g = 0; g < groups_; ++g) group_product(state, g, window, now, now_stride, addend, out);
    else if (groups_ == 1) group_product(state, 0, window, now, now_stride, addend, out);
    else grouped_product(state, window, now, now_stride, addend, out);
  }
  /// Not inlined: the products of the groups dominate.
  INLAY_NOINLINE void grouped_product(State& state, const auto& window, const scalar* now, std::size_t now_stride,
                                      const scalar* addend, scalar* out) const noexcept {
    for (std::size_t g = 0; g < groups_; ++g) group_product(state, g, window, now, now_stride, addend, out);
  }
  INLAY_INLINE void group_product([[maybe_unused]] State& state, std::size_t g, const auto& window, const scalar* now,
                                  std::size_t now_stride, const scalar* addend, scalar* out) const noexcept {
    scalar* y = in_whole_registers ? out + g * outs_ : state.group.data();
    multiply(taps_, ins_, kernel_[g], bias_.data(g), window.from(g * ins_), dilation_, now + g * ins_ * now_stride,
             now_stride, addend ? addend + g * outs_ : nullptr, y);
    if constexpr (!in_whole_registers) copy(y, outs_, out + g * outs_);
  }

 protected:
  INLAY_NO_ADDRESS LayerExtent<In> in_;
  INLAY_NO_ADDRESS LayerExtent<Out> out_;
  INLAY_NO_ADDRESS LayerExtent<Kernel> taps_;
  INLAY_NO_ADDRESS LayerExtent<Dilation> dilation_;
  INLAY_NO_ADDRESS LayerExtent<Groups> groups_;
  INLAY_NO_ADDRESS LayerExtent<Stride> stride_;
  INLAY_NO_ADDRESS Extent<group_in, struct OfGroupIn> ins_;  ///< input channels of a group
  INLAY_NO_ADDRESS Extent<group_out, struct OfGroupOut> outs_;
  detail::GroupedKernel<Weights, Kernel, Groups> kernel_;
  Vector<B, group_out, Groups> bias_;
};

/// Conv1D with bias. See `BasicConv1D`.
template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Dilation = 1, std::size_t Groups = 1,
          Backend B = default_backend>
using Conv1D = BasicConv1D<In, Out, Kernel, Dilation, Groups, true, backend_for<B, Work::conv1d, Out>>;

/// Conv1D with bias and stride: one output frame per `Stride` input frames. See `BasicConv1D`.
template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Stride, std::size_t Dilation = 1,
          std::size_t Groups = 1, Backend B = default_backend>
using StridedConv1D = BasicConv1D<In, Out, Kernel, Dilation, Groups, true, backend_for<B, Work::conv1d, Out>, Stride>;

/// Depthwise Conv1D with bias: one group per channel. See `BasicConv1D`.
template <std::size_t Size, std::size_t Kernel, std::size_t Dilation = 1, Backend B = default_backend>
using DepthwiseConv1D = BasicConv1D<Size, Size, Kernel, Dilation, Size, true, backend_for<B, Work::conv1d, Size>>;

/// Conv1D without bias. See `BasicConv1D`.
template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Dilation = 1, std::size_t Groups = 1,
          Backend B = default_backend>
using Conv1DNoBias = BasicConv1D<In, Out, Kernel, Dilation, Groups, false, backend_for<B, Work::conv1d, Out>>;

}  // namespace inlay::INLAY_ISA

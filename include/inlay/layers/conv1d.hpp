/// Conv1D: y(t) = b + sum over k of W[k] x(t - (Kernel - 1 - k) Dilation), causal.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include "inlay/backend/default.hpp"
#include "inlay/core/clock.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/product.hpp"
#include "inlay/core/tensor.hpp"

namespace inlay {

namespace detail {

/// The kernels of all groups as one tensor [Kernel, In / Groups, Out], as Keras has it.
template <class M, std::size_t Kernel, std::size_t Groups>
class GroupedKernel {
  static constexpr std::size_t outs = M::rows * Groups;

 public:
  using value_type = typename M::value_type;
  static constexpr std::array<std::size_t, 3> shape() noexcept { return {Kernel, M::cols / Kernel, outs}; }
  value_type get(std::size_t i) const noexcept { return group[i % outs / M::rows].get(within(i)); }
  void set(std::size_t i, value_type value) noexcept { group[i % outs / M::rows].set(within(i), value); }

  M group[Groups];

 private:
  static constexpr std::size_t within(std::size_t i) noexcept { return i / outs * M::rows + i % M::rows; }
};

}  // namespace detail

/// Causal one-dimensional convolution over time; the signal before the start is zero. With a `Stride` above 1 it gives
/// one frame for so many, when (t - (Kernel - 1) Dilation) is a multiple of it.
///
/// Tensors: `kernel` [Kernel, In / Groups, Out], whose last row multiplies the present frame, and, with
/// `Bias`, `bias` [Out]. Output channel o is in group o / (Out / Groups) and sees the In / Groups input
/// channels of that group.
template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Dilation, std::size_t Groups, bool Bias,
          Backend B, std::size_t Stride = 1>
class BasicConv1D {
  static_assert(Kernel > 0 && Dilation > 0 && Groups > 0 && Stride > 0);
  static_assert(In % Groups == 0 && Out % Groups == 0, "channels are divided evenly among groups");
  static constexpr std::size_t past = (Kernel - 1) * Dilation;
  static constexpr std::size_t group_in = In / Groups, group_out = Out / Groups;
  using Weights = Matrix<B, Kernel * group_in, group_out>;
  using Past = History<typename B::scalar, In, past>;

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct Nothing {};
  struct State {
    std::conditional_t<past == 0, Nothing, Past> history;
    std::conditional_t<Stride == 1, Nothing, Clock<past, Stride>> clock;
  };
  static constexpr std::string_view type = "conv1d";
  static constexpr std::size_t in_size = In, out_size = Out;
  static constexpr std::size_t receptive_field = past + 1;
  static constexpr Rate rate{Stride, 1};
  static constexpr std::size_t parameters = Kernel * group_in * Out + (Bias ? Out : 0);
  static constexpr std::size_t macs = Kernel * group_in * Out / Stride;

  void visit(auto& v) {
    v.option("in", In);
    v.option("out", Out);
    v.option("kernel_size", Kernel);
    v.option("dilation", Dilation);
    v.option("groups", Groups);
    if constexpr (Stride > 1) v.option("stride", Stride);
    v.tensor("kernel", kernel_);
    if constexpr (Bias) v.optional_tensor("bias", bias_, 0);
  }

  void reset([[maybe_unused]] State& state) const noexcept {
    if constexpr (past > 0) state.history.clear();
    if constexpr (Stride > 1) state.clock.reset();
  }

  INLAY_INLINE auto forward(State& state, const scalar* in, scalar* out) const noexcept {
    const Window<scalar> x = remember(state, in);
    if constexpr (Stride == 1) {
      product(x, in, 1, out);
    } else {
      const bool due = state.clock.tick();
      if (due) product(x, in, 1, out);
      return std::size_t{due};
    }
  }

  auto process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    const Window<scalar> x = remember(state, in, frames);
    if constexpr (Stride == 1) {
      for (std::size_t g = 0; g < Groups; ++g)
        multiply<Kernel>(kernel_.group[g], bias_.data(g), x.from(g * group_in), Dilation,
                         Block<scalar>(out.row(g * group_out)), frames);
    } else {
      // Few frames are left, too few for lanes across them.
      scalar* to = out.row(0);
      return state.clock.tick(frames, [&](std::size_t t) INLAY_INLINE_LAMBDA {
        alignas(alignment) scalar y[padded_frame<scalar>(Out)];
        const Window<scalar> then = x.later(t);
        product(then, then.now, then.channel_stride, y);
        for (std::size_t c = 0; c < Out; ++c) to[c * tile_frames] = y[c];
        ++to;
      });
    }
  }

 private:
  /// A kernel of one tap has no past, and reads its input where it stands.
  static INLAY_INLINE Window<scalar> remember([[maybe_unused]] State& state, const scalar* in) noexcept {
    if constexpr (past > 0) return state.history.push(in);
    else return {in, 1, 0};
  }
  static INLAY_INLINE Window<scalar> remember([[maybe_unused]] State& state, Block<const scalar> in,
                                              [[maybe_unused]] std::size_t frames) noexcept {
    if constexpr (past > 0) return state.history.push(in, frames);
    else return {in.row(0), tile_frames, 1};
  }

  /// One frame of output. The channels of the present frame lie at `now`, `now_stride` values apart.
  INLAY_INLINE void product(const Window<scalar>& window, const scalar* now, std::size_t now_stride,
                            scalar* out) const noexcept {
    for (std::size_t g = 0; g < Groups; ++g) {
      alignas(alignment) scalar padded[Weights::registers * Weights::lanes];
      scalar* y = Groups == 1 ? out : padded;  // a group's last register may reach into the next group
      const Window<scalar> x = window.from(g * group_in);
      const Weights& w = kernel_.group[g];
      Weights::for_panels([&]<std::size_t Height>(std::size_t row) INLAY_INLINE_LAMBDA {
        using Rows = Pack<B, Height>;
        Rows sums[1] = {Rows::load(bias_.data(g) + row)};
        if constexpr (group_in == 1) {
          accumulate<Kernel>(sums, w, row, 0, x.at(0, past), Dilation * x.frame_stride);
        } else {
          for (std::size_t k = 0; k + 1 < Kernel; ++k)
            accumulate<group_in>(sums, w, row, k * group_in, x.at(0, past - k * Dilation), x.channel_stride);
          accumulate<group_in>(sums, w, row, (Kernel - 1) * group_in, now + g * group_in * now_stride, now_stride);
        }
        sums[0].store(y + row);
      });
      if constexpr (Groups > 1) copy(padded, group_out, out + g * group_out);
    }
  }

 protected:
  detail::GroupedKernel<Weights, Kernel, Groups> kernel_;
  Vector<B, group_out, Groups> bias_;
};

template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Dilation = 1, std::size_t Groups = 1,
          Backend B = default_backend>
using Conv1D = BasicConv1D<In, Out, Kernel, Dilation, Groups, true, B>;

/// Conv1D that gives one frame for `Stride`.
template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Stride, std::size_t Dilation = 1,
          std::size_t Groups = 1, Backend B = default_backend>
using StridedConv1D = BasicConv1D<In, Out, Kernel, Dilation, Groups, true, B, Stride>;

/// Conv1D for each channel on its own (depthwise): as many groups as channels.
template <std::size_t Size, std::size_t Kernel, std::size_t Dilation = 1, Backend B = default_backend>
using DepthwiseConv1D = BasicConv1D<Size, Size, Kernel, Dilation, Size, true, B>;

/// Conv1D without a bias.
template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Dilation = 1, std::size_t Groups = 1,
          Backend B = default_backend>
using Conv1DNoBias = BasicConv1D<In, Out, Kernel, Dilation, Groups, false, B>;

}  // namespace inlay

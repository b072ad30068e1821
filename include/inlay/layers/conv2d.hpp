/// Conv2D: convolution over time (causal) and over the features of a frame.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>

#include "inlay/backend/default.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/feature_kernel.hpp"
#include "inlay/core/frame_product.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/core/tile_product.hpp"

namespace inlay::INLAY_ISA {

/// Two-dimensional convolution: causal over time, and over the `Features` features of a frame, such as the bins of a
/// spectrum:
///
///     y(t, f) = bias + sum over k, j of kernel[k][j] x(t - (KernelTime - 1 - k) Dilation, f Stride + j)
///
/// x is zero before the start. A frame is [feature][channel], as Keras's channels_last. The kernel therefore reads a
/// contiguous part of each frame, and each position f is a Conv1D of it. `Dilation` applies to time, `Stride` to
/// features.
///
/// Tensors: `kernel` [KernelTime, KernelFeatures, InChannels, OutChannels], whose last row multiplies the present
/// frame; with `Bias` also `bias` [OutChannels], optional in files.
///
/// PyTorch: Conv2d (weight [OutChannels, InChannels, KernelTime, KernelFeatures]) on (batch, channels, time, features).
/// Keras: Conv2D on (batch, time, features, channels), the same layout. The time axis must be padded at its start only,
/// or not at all. Cost per frame: KernelTime KernelFeatures InChannels OutChannels positions multiply-accumulates.
/// State: the last (KernelTime - 1) Dilation frames.
template <std::size_t InChannels, std::size_t OutChannels, std::size_t Features, std::size_t KernelTime,
          std::size_t KernelFeatures, std::size_t Dilation, std::size_t Stride, FeaturePadding Padding, bool Bias,
          Backend B>
class BasicConv2D : detail::FeatureKernel<InChannels, Features, KernelTime, KernelFeatures, Dilation, Stride, Padding> {
  using Kernel = detail::FeatureKernel<InChannels, Features, KernelTime, KernelFeatures, Dilation, Stride, Padding>;
  static_assert(OutChannels > 0);
  static_assert(Kernel::fits,
                "inlay::Conv2D: KernelFeatures must not exceed Features; reduce it or use FeaturePadding::same");
  using Kernel::is_dynamic, Kernel::ins_, Kernel::taps_, Kernel::span_, Kernel::dilation_;
  static constexpr std::size_t seen_size = times<KernelFeatures, InChannels>;
  using T = typename B::scalar;
  using Weights = Matrix<B, times<KernelTime, seen_size>, OutChannels>;
  static constexpr std::size_t unit = row_unit<B, OutChannels>;
  static constexpr bool in_whole_registers = !is_dynamic && OutChannels % unit == 0;

 public:
  using backend = B;
  using scalar = T;
  struct State : Kernel::template Frames<T, std::conditional_t<seen_size == 1, Unbroken, Ring>> {
    /// Buffer for one position. Needed if its last register would overlap the next position, or the end of the frame.
    AlignedArray<T, in_whole_registers ? 0 : is_dynamic ? dynamic : round_up(OutChannels, unit)> position;
  };
  static constexpr std::string_view type = "conv2d";
  static constexpr std::size_t out_features = Kernel::fixed_axis.positions;
  static constexpr std::size_t in_size = times<Features, InChannels>, out_size = times<out_features, OutChannels>;
  static constexpr std::size_t receptive_field = sum_of<Kernel::past, 1>;
  static constexpr std::size_t parameters = KernelTime * seen_size * OutChannels + (Bias ? OutChannels : 0);
  static constexpr std::size_t macs = KernelTime * seen_size * out_size;

  constexpr void visit(auto& v) {
    v.option("in", ins_);
    v.option("out", outs_);
    Kernel::visit(v);
    if constexpr (is_dynamic) {
      kernel_.resize(taps_ * seen(), outs_);
      bias_.resize(outs_);
    }
    detail::Reshaped<Weights, 4> kernel{&kernel_, {taps_, span_, ins_, outs_}};
    v.tensor("kernel", kernel);
    if constexpr (Bias) v.optional_tensor("bias", bias_, 0);
  }
  constexpr LayerShape shape() const noexcept { return Kernel::shape(outs_, ins_); }

  void resize(State& state) const
    requires(is_dynamic)
  {
    Kernel::resize(state, seen() == 1);
    state.position.resize(kernel_.padded_rows());
  }
  void reset(State& state) const noexcept { state.history.clear(); }

  INLAY_INLINE void forward(State& state, const scalar* in, scalar* out) const noexcept {
    const scalar* const present = state.padded(in);
    const auto window = state.history.push(present);
    const std::size_t positions = this->axis().positions, step = this->step();
    for (std::size_t p = 0; p < positions; ++p) {
      scalar* const position = out + p * outs_;
      scalar* const y = in_whole_registers ? position : state.position.data();
      multiply(taps_, seen(), kernel_, bias_.data(), window.from(p * step), dilation_, present + p * step, 1, nullptr,
               y);
      if constexpr (!in_whole_registers) copy(y, outs_, position);
    }
  }

  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    const auto x = state.history.push(state.padded(in, frames), frames);
    const std::size_t positions = this->axis().positions, step = this->step();
    for (std::size_t p = 0; p < positions; ++p)
      multiply(taps_, seen(), kernel_, bias_.data(), x.from(p * step), dilation_, nullptr,
               Block<scalar>(out.row(p * outs_)), frames);
  }

 private:
  /// Number of values of a frame that one position reads.
  constexpr Extent<seen_size> seen() const noexcept {
    if constexpr (is_dynamic) return {span_ * ins_};
    else return {};
  }

  INLAY_NO_ADDRESS Extent<OutChannels, struct OfOuts> outs_;
  Weights kernel_;
  Vector<B, OutChannels> bias_;
};

/// Conv2D with bias. See `BasicConv2D`.
template <std::size_t InChannels, std::size_t OutChannels, std::size_t Features, std::size_t KernelTime,
          std::size_t KernelFeatures, std::size_t Dilation = 1, std::size_t Stride = 1,
          FeaturePadding Padding = FeaturePadding::valid, Backend B = default_backend>
using Conv2D =
    BasicConv2D<InChannels, OutChannels, Features, KernelTime, KernelFeatures, Dilation, Stride, Padding, true, B>;

/// Conv2D without bias. See `BasicConv2D`.
template <std::size_t InChannels, std::size_t OutChannels, std::size_t Features, std::size_t KernelTime,
          std::size_t KernelFeatures, std::size_t Dilation = 1, std::size_t Stride = 1,
          FeaturePadding Padding = FeaturePadding::valid, Backend B = default_backend>
using Conv2DNoBias =
    BasicConv2D<InChannels, OutChannels, Features, KernelTime, KernelFeatures, Dilation, Stride, Padding, false, B>;

}  // namespace inlay::INLAY_ISA

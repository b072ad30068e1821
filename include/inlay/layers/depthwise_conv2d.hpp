/// DepthwiseConv2D: convolution of each channel by itself over time (causal) and over the features of a frame.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/feature_kernel.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/repeat.hpp"
#include "inlay/core/tensor.hpp"

namespace inlay::INLAY_ISA {

/// Two-dimensional convolution as `Conv2D`, of each channel c with a kernel of its own:
///
///     y(t, f, c) = bias(c) + sum over k, j of kernel[k][j][c] x(t - (KernelTime - 1 - k) Dilation, f Stride + j, c)
///
/// x is zero before the start. A frame is [feature][channel]. `Dilation` applies to time, `Stride` to features.
///
/// Tensors: `kernel` [KernelTime, KernelFeatures, Channels], whose last row multiplies the present frame; `bias`
/// [Channels], optional in files.
///
/// PyTorch: Conv2d with as many groups as channels in and out (weight [Channels, 1, KernelTime, KernelFeatures]) on
/// (batch, channels, time, features). Keras: DepthwiseConv2D with a depth_multiplier of 1 on (batch, time, features,
/// channels), the same layout. Several outputs for each channel: a `Gather` that repeats the channels before it. Cost
/// per frame: KernelTime KernelFeatures Channels positions multiply-accumulates. State: the last (KernelTime - 1)
/// Dilation frames.
template <std::size_t Channels, std::size_t Features, std::size_t KernelTime, std::size_t KernelFeatures,
          std::size_t Dilation = 1, std::size_t Stride = 1, FeaturePadding Padding = FeaturePadding::valid,
          Backend B = default_backend>
class DepthwiseConv2D
    : detail::FeatureKernel<Channels, Features, KernelTime, KernelFeatures, Dilation, Stride, Padding> {
  using Kernel = detail::FeatureKernel<Channels, Features, KernelTime, KernelFeatures, Dilation, Stride, Padding>;
  static_assert(Kernel::fits,
                "inlay::DepthwiseConv2D: KernelFeatures must not exceed Features; reduce it or use "
                "FeaturePadding::same");
  using Kernel::is_dynamic, Kernel::ins_, Kernel::taps_, Kernel::span_, Kernel::dilation_;
  using T = typename B::scalar;
  using Weights = Vector<B, Channels, times<KernelTime, KernelFeatures>>;

 public:
  using backend = B;
  using scalar = T;
  using State = typename Kernel::template Frames<T>;
  static constexpr std::string_view type = "depthwise_conv2d";
  static constexpr std::size_t out_features = Kernel::fixed_axis.positions;
  static constexpr std::size_t in_size = times<Features, Channels>, out_size = times<out_features, Channels>;
  static constexpr std::size_t receptive_field = sum_of<Kernel::past, 1>;
  static constexpr std::size_t parameters = (KernelTime * KernelFeatures + 1) * Channels;
  static constexpr std::size_t macs = KernelTime * KernelFeatures * out_size;

  constexpr void visit(auto& v) {
    v.option("channels", ins_);
    Kernel::visit(v);
    if constexpr (is_dynamic) {
      kernel_.resize(ins_, {taps_ * span_});
      bias_.resize(ins_);
    }
    detail::Reshaped<Weights, 3> kernel{&kernel_, {taps_, span_, ins_}};
    v.tensor("kernel", kernel);
    v.optional_tensor("bias", bias_, 0);
  }
  constexpr LayerShape shape() const noexcept { return Kernel::shape(ins_, 1); }

  void resize(State& state) const
    requires(is_dynamic)
  {
    Kernel::resize(state, false);
  }
  void reset(State& state) const noexcept { state.history.clear(); }

  void forward(State& state, const scalar* in, scalar* out) const noexcept {
    const auto x = state.history.push(state.padded(in));
    // The channels of a long past lie apart.
    const std::size_t done = x.channel_stride == 1 ? whole_packs<2 * B::width>(x, out) : 0;
    for (std::size_t c = done; c < ins_; c += least) few(x, c, out + c);
  }

  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    using Some = Pack<B, B::width>;
    const auto x = state.history.push(state.padded(in, frames), frames);
    const auto weight = [](const T* w) INLAY_INLINE_LAMBDA { return Some::broadcast(*w); };
    for (std::size_t c = 0; c < ins_; ++c)
      for_positions([&]<std::size_t Count>(std::size_t p) INLAY_INLINE_LAMBDA {
        for_tile_registers<B>(frames, [&](std::size_t t) INLAY_INLINE_LAMBDA {
          const auto values = [t](const T* from) INLAY_INLINE_LAMBDA { return Some::load(from + t); };
          const auto store = [&](std::size_t i, const Some& y)
                                 INLAY_INLINE_LAMBDA { y.store(out.row((p + i) * ins_ + c) + t); };
          convolve<Count, Some>(x.from(p * this->step()), c, weight, values, store);
        });
      });
  }

 private:
  static constexpr std::size_t least = B::lanes(1);

  /// Calls `f.template operator()<Count>(p)` for runs of `Count` positions from `p` on, which share the loads of
  /// weights.
  INLAY_INLINE void for_positions(auto&& f) const noexcept {
    const std::size_t positions = this->axis().positions;
    std::size_t p = 0;
    for (; p + 4 <= positions; p += 4) f.template operator()<4>(p);
    for (; p < positions; ++p) f.template operator()<1>(p);
  }

  /// Computes channels from `c` on, in packs of `Lanes` and of fewer channels, as long as they are whole. Returns the
  /// first channel of the rest.
  template <std::size_t Lanes>
  INLAY_INLINE std::size_t whole_packs(const auto& x, scalar* out, std::size_t c = 0) const noexcept {
    using Some = Pack<B, Lanes>;
    for (; c + Lanes <= ins_; c += Lanes)
      for_positions([&]<std::size_t Count>(std::size_t p) INLAY_INLINE_LAMBDA {
        const auto store = [&](std::size_t i, const Some& y) INLAY_INLINE_LAMBDA { y.store(out + (p + i) * ins_ + c); };
        convolve<Count, Some>(x.from(p * this->step()), c, Some::load, Some::load, store);
      });
    if constexpr (Lanes > least) return whole_packs<Lanes / 2>(x, out, c);
    else return c;
  }
  /// Computes at most `least` channels from `c` on. Touches no values behind them.
  INLAY_INLINE void few(const auto& x, std::size_t c, scalar* out) const noexcept {
    using Some = Pack<B, least>;
    const std::size_t count = std::min<std::size_t>(least, ins_ - c);
    for (std::size_t p = 0; p < this->axis().positions; ++p) {
      T some[least]{};
      const auto values = [&](const T* from) INLAY_INLINE_LAMBDA {
        for (std::size_t i = 0; i < count; ++i) some[i] = from[i * x.channel_stride];
        return Some::load(some);
      };
      convolve<1, Some>(x.from(p * this->step()), c, Some::load, values,
                        [&](std::size_t, const Some& y) INLAY_INLINE_LAMBDA { y.store(some); });
      copy(some, count, out + p * ins_);
    }
  }

  /// Computes `Count` positions. The lanes of P are channels from `c` on, or frames of channel `c`. `weights` and
  /// `values` load the factors of a product, `store` takes the sum of a position.
  template <std::size_t Count, class P>
  INLAY_INLINE void convolve(const auto& x, std::size_t c, auto weights, auto values, auto store) const noexcept {
    P sums[Count];
    repeat<Count>([&](std::size_t i) INLAY_INLINE_LAMBDA { sums[i] = weights(bias_.data() + c); });
    const std::size_t to_next = this->step() * x.channel_stride;
    const T* w = kernel_.data() + c;
    for (std::size_t back = taps_ * dilation_; back > 0;) {
      back -= dilation_;
      const T* from = x.at(c, back);
      for (std::size_t j = 0; j < span_; ++j, from += ins_ * x.channel_stride, w += kernel_.padded()) {
        const P factor = weights(w);
        repeat<Count>([&](std::size_t i)
                          INLAY_INLINE_LAMBDA { sums[i].add_product(factor, values(from + i * to_next)); });
      }
    }
    repeat<Count>([&](std::size_t i) INLAY_INLINE_LAMBDA { store(i, sums[i]); });
  }

  Weights kernel_;
  Vector<B, Channels> bias_;
};

}  // namespace inlay::INLAY_ISA

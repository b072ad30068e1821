/// Conv2D: convolution over time (causal) and over the features of a frame.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "inlay/backend/default.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/frame_product.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/core/tile_product.hpp"

namespace inlay::INLAY_ISA {

/// Padding of the feature axis. `valid`: none. `same`: zeros such that there are Features / Stride positions, rounded
/// up. If the number of zeros is odd, the extra one follows the last feature, as in Keras.
enum class FeaturePadding { valid, same };

namespace detail {

/// Number of positions of a kernel along the feature axis, and of zero features before and after the others.
struct FeatureAxis {
  std::size_t positions, before, after;
};
/// The axis of a kernel that moves by `stride`. There are no positions if the kernel spans more than `features` and is
/// not padded.
constexpr FeatureAxis feature_axis(std::size_t features, std::size_t kernel, std::size_t stride, bool same) {
  if (!same) return {kernel > features ? 0 : (features - kernel) / stride + 1, 0, 0};
  const std::size_t positions = (features + stride - 1) / stride, reach = (positions - 1) * stride + kernel;
  const std::size_t zeros = reach > features ? reach - features : 0;
  return {positions, zeros / 2, zeros - zeros / 2};
}

/// Pads the channels of a frame or a tile with zeros, in memory of its own.
template <class T, std::size_t Size, std::size_t Before, std::size_t After>
class ZeroPadding {
 public:
  void resize(std::size_t size, std::size_t before, std::size_t after)
    requires(Size == dynamic)
  {
    size_.value = size, before_.value = before;
    frame_.resize(padded_frame<T>(before + size + after));
    rows_.resize((before + size + after) * tile_frames);
  }
  INLAY_INLINE const T* operator()(const T* in) noexcept {
    copy(in, size_, frame_.data() + before_);
    return frame_.data();
  }
  Block<const T> operator()(Block<const T> in, std::size_t frames) noexcept {
    const Block<T> tile(rows_.data());
    for (std::size_t c = 0; c < size_; ++c) copy_row(in.row(c), frames, tile.row(before_ + c));
    return tile;
  }

 private:
  static constexpr std::size_t padded = Size == dynamic ? dynamic : Before + Size + After;
  INLAY_NO_ADDRESS Extent<Size, struct OfSize> size_;
  INLAY_NO_ADDRESS Extent<Before, struct OfBefore> before_;
  // The padding is never written, and stays zero.
  AlignedArray<T, padded == dynamic ? dynamic : padded_frame<T>(padded)> frame_;
  AlignedArray<T, times<padded, tile_frames>> rows_;
};

/// No padding: returns its argument.
template <class T, std::size_t Size>
class ZeroPadding<T, Size, 0, 0> {
 public:
  INLAY_INLINE const T* operator()(const T* in) const noexcept { return in; }
  INLAY_INLINE Block<const T> operator()(Block<const T> in, std::size_t) const noexcept { return in; }
};

/// View of a matrix [cols, rows] as a tensor of four axes, [..., rows].
template <class M>
struct KernelMatrix {
  using value_type = typename M::value_type;
  constexpr std::array<std::size_t, 4> shape() const noexcept { return extents; }
  constexpr value_type get(std::size_t i) const noexcept { return matrix->get(i); }
  constexpr void set(std::size_t i, value_type value) noexcept { matrix->set(i, value); }
  void allocate()
    requires requires(M& m) { m.allocate(); }
  {
    matrix->allocate();
  }
  constexpr void clear_scales() noexcept
    requires(M::scaled)
  {
    matrix->clear_scales();
  }
  M* matrix;
  std::array<std::size_t, 4> extents;
};

}  // namespace detail

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
class BasicConv2D {
  static_assert(InChannels > 0 && OutChannels > 0 && Features > 0 && KernelTime > 0 && KernelFeatures > 0 &&
                Dilation > 0 && Stride > 0);
  static_assert(Padding == FeaturePadding::same || KernelFeatures <= Features,
                "inlay::Conv2D: KernelFeatures must not exceed Features; reduce it or use FeaturePadding::same");
  static constexpr bool is_dynamic = InChannels == dynamic;
  /// Positions, and padding in features, if the type fixes them.
  static constexpr detail::FeatureAxis fixed_axis =
      is_dynamic ? detail::FeatureAxis{dynamic, dynamic, dynamic}
                 : detail::feature_axis(Features, KernelFeatures, Stride, Padding == FeaturePadding::same);
  static constexpr std::size_t past = is_dynamic ? dynamic : (KernelTime - 1) * Dilation;
  static constexpr std::size_t seen_size = times<KernelFeatures, InChannels>;
  static constexpr std::size_t before = times<fixed_axis.before, InChannels>;
  static constexpr std::size_t after = times<fixed_axis.after, InChannels>;
  static constexpr std::size_t padded_size = is_dynamic ? dynamic : before + Features * InChannels + after;
  using T = typename B::scalar;
  using Weights = Matrix<B, times<KernelTime, seen_size>, OutChannels>;
  static constexpr std::size_t unit = row_unit<B, OutChannels>;
  static constexpr bool in_whole_registers = !is_dynamic && OutChannels % unit == 0;

 public:
  using backend = B;
  using scalar = T;
  struct State {
    detail::ZeroPadding<T, times<Features, InChannels>, before, after> padded;
    INLAY_NO_ADDRESS History<T, padded_size, past, std::conditional_t<seen_size == 1, Unbroken, Ring>> history;
    /// Buffer for one position. Needed if its last register would overlap the next position, or the end of the frame.
    AlignedArray<T, in_whole_registers ? 0 : is_dynamic ? dynamic : round_up(OutChannels, unit)> position;
  };
  static constexpr std::string_view type = "conv2d";
  static constexpr std::size_t out_features = fixed_axis.positions;
  static constexpr std::size_t in_size = times<Features, InChannels>, out_size = times<out_features, OutChannels>;
  static constexpr std::size_t receptive_field = sum_of<past, 1>;
  static constexpr std::size_t parameters = KernelTime * seen_size * OutChannels + (Bias ? OutChannels : 0);
  static constexpr std::size_t macs = KernelTime * seen_size * out_size;

  constexpr void visit(auto& v) {
    v.option("in", ins_);
    v.option("out", outs_);
    v.option("features", features_);
    v.option("kernel_size_time", taps_);
    v.option("kernel_size_features", span_);
    v.option("dilation", dilation_);
    v.option("stride", stride_);
    v.option("padding", std::string_view(Padding == FeaturePadding::same ? "same" : "valid"));
    if constexpr (is_dynamic) {
      v.require(axis().positions > 0, "kernel_size_features", "no more than the features");
      kernel_.resize(taps_ * seen(), outs_);
      bias_.resize(outs_);
    }
    detail::KernelMatrix<Weights> kernel{&kernel_, {taps_, span_, ins_, outs_}};
    v.tensor("kernel", kernel);
    if constexpr (Bias) v.optional_tensor("bias", bias_, 0);
  }
  constexpr LayerShape shape() const noexcept {
    const std::uint64_t in = std::uint64_t{features_} * ins_, out = std::uint64_t{axis().positions} * outs_;
    const std::uint64_t padding = std::uint64_t{axis().before + axis().after} * ins_;
    const std::uint64_t frames = std::uint64_t{taps_ - 1} * dilation_;
    return {.in = bounded(in),
            .out = bounded(out),
            .past = bounded(frames),
            .macs = bounded(std::uint64_t{taps_} * span_ * ins_ * out),
            .state = bounded((in + padding) * (tile_frames + 1) + padding * (2 * frames + 4 * tile_frames))};
  }

  void resize(State& state) const
    requires(is_dynamic)
  {
    const detail::FeatureAxis a = axis();
    state.padded.resize(features_ * ins_, a.before * ins_, a.after * ins_);
    state.history.resize((a.before + features_ + a.after) * ins_, reach(), seen() == 1);
    state.position.resize(kernel_.padded_rows());
  }
  void reset(State& state) const noexcept { state.history.clear(); }

  INLAY_INLINE void forward(State& state, const scalar* in, scalar* out) const noexcept {
    const scalar* const present = state.padded(in);
    const auto window = state.history.push(present);
    const std::size_t positions = axis().positions;
    for (std::size_t p = 0; p < positions; ++p) {
      scalar* const position = out + p * outs_;
      scalar* const y = in_whole_registers ? position : state.position.data();
      multiply(taps_, seen(), kernel_, bias_.data(), window.from(p * step()), dilation_, present + p * step(), 1,
               nullptr, y);
      if constexpr (!in_whole_registers) copy(y, outs_, position);
    }
  }

  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    const auto x = state.history.push(state.padded(in, frames), frames);
    const std::size_t positions = axis().positions;
    for (std::size_t p = 0; p < positions; ++p)
      multiply(taps_, seen(), kernel_, bias_.data(), x.from(p * step()), dilation_, nullptr,
               Block<scalar>(out.row(p * outs_)), frames);
  }

 private:
  constexpr detail::FeatureAxis axis() const noexcept {
    if constexpr (is_dynamic) return detail::feature_axis(features_, span_, stride_, Padding == FeaturePadding::same);
    else return fixed_axis;
  }
  /// Number of values of a frame that one position reads.
  constexpr Extent<seen_size> seen() const noexcept {
    if constexpr (is_dynamic) return {span_ * ins_};
    else return {};
  }
  /// Number of values between the first ones of two neighbouring positions.
  constexpr std::size_t step() const noexcept { return stride_ * ins_; }
  /// Number of past frames that the oldest tap reaches.
  constexpr std::size_t reach() const noexcept { return (taps_ - 1) * dilation_; }

  INLAY_NO_ADDRESS Extent<InChannels, struct OfIns> ins_;
  INLAY_NO_ADDRESS Extent<OutChannels, struct OfOuts> outs_;
  INLAY_NO_ADDRESS Extent<Features, struct OfFeatures> features_;
  INLAY_NO_ADDRESS Extent<KernelTime, struct OfTaps> taps_;
  INLAY_NO_ADDRESS Extent<KernelFeatures, struct OfSpan> span_;
  INLAY_NO_ADDRESS Extent<Dilation, struct OfDilation> dilation_;
  INLAY_NO_ADDRESS Extent<Stride, struct OfStride> stride_;
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

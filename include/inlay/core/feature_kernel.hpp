/// FeatureKernel: a kernel that moves over the features of a frame and reaches back in time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/tile_frames.hpp"

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

/// View of a tensor with other extents.
template <class X, std::size_t Axes>
struct Reshaped {
  using value_type = typename X::value_type;
  constexpr std::array<std::size_t, Axes> shape() const noexcept { return extents; }
  constexpr value_type get(std::size_t i) const noexcept { return tensor->get(i); }
  constexpr void set(std::size_t i, value_type value) noexcept { tensor->set(i, value); }
  void allocate()
    requires requires(X& x) { x.allocate(); }
  {
    tensor->allocate();
  }
  constexpr void clear_scales() noexcept
    requires requires(X& x) { x.clear_scales(); }
  {
    tensor->clear_scales();
  }
  X* tensor;
  std::array<std::size_t, Axes> extents;
};

/// Base of layers with such a kernel: its sizes. A frame is [feature][channel], with `Ins` channels.
template <std::size_t Ins, std::size_t Features, std::size_t KernelTime, std::size_t KernelFeatures,
          std::size_t Dilation, std::size_t Stride, FeaturePadding Padding>
class FeatureKernel {
  static_assert(Ins > 0 && Features > 0 && KernelTime > 0 && KernelFeatures > 0 && Dilation > 0 && Stride > 0);

 protected:
  static constexpr bool is_dynamic = Ins == dynamic;
  static constexpr bool fits = Padding == FeaturePadding::same || KernelFeatures <= Features;
  /// Positions, and padding in features, if the type fixes them.
  static constexpr FeatureAxis fixed_axis =
      is_dynamic ? FeatureAxis{dynamic, dynamic, dynamic}
                 : feature_axis(Features, KernelFeatures, Stride, Padding == FeaturePadding::same);
  static constexpr std::size_t past = is_dynamic ? dynamic : (KernelTime - 1) * Dilation;
  static constexpr std::size_t before = times<fixed_axis.before, Ins>, after = times<fixed_axis.after, Ins>;
  static constexpr std::size_t padded_size = is_dynamic ? dynamic : before + Features * Ins + after;

  /// The present frame with its padding, and the past ones.
  template <class T, class Wrap = Ring>
  struct Frames {
    ZeroPadding<T, times<Features, Ins>, before, after> padded;
    INLAY_NO_ADDRESS History<T, padded_size, past, Wrap> history;
  };

  constexpr void visit(auto& v) {
    v.option("features", features_);
    v.option("kernel_size_time", taps_);
    v.option("kernel_size_features", span_);
    v.option("dilation", dilation_);
    v.option("stride", stride_);
    v.option("padding", std::string_view(Padding == FeaturePadding::same ? "same" : "valid"));
    if constexpr (is_dynamic) v.require(axis().positions > 0, "kernel_size_features", "no more than the features");
  }
  /// The shape of a layer to `outs` channels, each of which reads `seen` channels of a feature.
  constexpr LayerShape shape(std::size_t outs, std::size_t seen) const noexcept {
    const std::uint64_t in = std::uint64_t{features_} * ins_, out = std::uint64_t{axis().positions} * outs;
    const std::uint64_t padding = std::uint64_t{axis().before + axis().after} * ins_;
    const std::uint64_t frames = std::uint64_t{taps_ - 1} * dilation_;
    return {.in = bounded(in),
            .out = bounded(out),
            .past = bounded(frames),
            .macs = bounded(std::uint64_t{taps_} * span_ * seen * out),
            .state = bounded((in + padding) * (tile_frames + 1) + padding * (2 * frames + 4 * tile_frames))};
  }
  void resize(auto& frames, bool unbroken) const
    requires(is_dynamic)
  {
    const FeatureAxis a = axis();
    frames.padded.resize(features_ * ins_, a.before * ins_, a.after * ins_);
    frames.history.resize((a.before + features_ + a.after) * ins_, reach(), unbroken);
  }

  constexpr FeatureAxis axis() const noexcept {
    if constexpr (is_dynamic) return feature_axis(features_, span_, stride_, Padding == FeaturePadding::same);
    else return fixed_axis;
  }
  /// Number of values between the first ones of two neighbouring positions.
  constexpr std::size_t step() const noexcept { return stride_ * ins_; }
  /// Number of past frames that the oldest tap reaches.
  constexpr std::size_t reach() const noexcept { return (taps_ - 1) * dilation_; }

  INLAY_NO_ADDRESS Extent<Ins, struct OfIns> ins_;
  INLAY_NO_ADDRESS Extent<Features, struct OfFeatures> features_;
  INLAY_NO_ADDRESS Extent<KernelTime, struct OfTaps> taps_;
  INLAY_NO_ADDRESS Extent<KernelFeatures, struct OfSpan> span_;
  INLAY_NO_ADDRESS Extent<Dilation, struct OfDilation> dilation_;
  INLAY_NO_ADDRESS Extent<Stride, struct OfStride> stride_;
};

}  // namespace detail

}  // namespace inlay::INLAY_ISA

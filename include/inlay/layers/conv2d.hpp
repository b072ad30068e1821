/// Conv2D: y(t, f) = b + sum over k, j of W[k, j] x(t - (KernelTime - 1 - k) Dilation, f Stride + j), causal.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include "inlay/backend/default.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/product.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/core/values.hpp"

namespace inlay {

/// What a convolution does where its kernel reaches over the first or the last feature: not go there, or see
/// zeros. `same` gives Features / Stride positions, rounded up; where the zeros are odd in number, the one that
/// is left over comes after the last feature (as in Keras and TensorFlow).
enum class FeaturePadding { valid, same };

namespace detail {

/// A kernel over features at `Positions` of them, with `before` and `after` features of zeros around.
template <std::size_t Features, std::size_t Kernel, std::size_t Stride, FeaturePadding Padding>
struct FeatureAxis {
  static_assert(Features > 0 && Kernel > 0 && Stride > 0);
  static_assert(Padding == FeaturePadding::same || Kernel <= Features,
                "without padding, a kernel spans no more features than there are");
  static constexpr bool same = Padding == FeaturePadding::same;
  static constexpr std::size_t positions = same ? (Features + Stride - 1) / Stride : (Features - Kernel) / Stride + 1;
  static constexpr std::size_t reach = (positions - 1) * Stride + Kernel;
  static constexpr std::size_t zeros = same && reach > Features ? reach - Features : 0;
  static constexpr std::size_t before = zeros / 2, after = zeros - before;
};

/// Puts `Before` zeros before the channels of a frame or a tile, and `After` behind them.
template <class T, std::size_t Size, std::size_t Before, std::size_t After>
class ZeroPadding {
  static constexpr std::size_t size = Before + Size + After;

 public:
  INLAY_INLINE const T* operator()(const T* in) noexcept {
    copy(in, Size, frame_ + Before);
    return frame_;
  }
  Block<const T> operator()(Block<const T> in, std::size_t frames) noexcept {
    const Block<T> tile(rows_);
    for (std::size_t c = 0; c < Size; ++c) copy_row(in.row(c), frames, tile.row(Before + c));
    return tile;
  }

 private:
  // What is around the middle is never written, and so stays zero.
  alignas(alignment) T frame_[padded_frame<T>(size)]{};
  alignas(alignment) T rows_[size * tile_frames]{};
};

template <class T, std::size_t Size>
class ZeroPadding<T, Size, 0, 0> {
 public:
  INLAY_INLINE const T* operator()(const T* in) const noexcept { return in; }
  INLAY_INLINE Block<const T> operator()(Block<const T> in, std::size_t) const noexcept { return in; }
};

/// A matrix with its input values counted along several axes.
template <class M, std::size_t... Extents>
class KernelMatrix : public M {
 public:
  static constexpr std::array<std::size_t, sizeof...(Extents)> shape() noexcept { return {Extents...}; }
};

}  // namespace detail

/// Two-dimensional convolution: causal over time, the signal before the start being zero, and over `Features`
/// features within each frame, such as the bins of a spectrum.
///
/// A frame is [feature][channel], the channels of a feature side by side (Keras's channels_last). So what the
/// kernel sees of a frame is a run of it, and each position is a Conv1D of this run.
///
/// Tensors: `kernel` [KernelTime, KernelFeatures, InChannels, OutChannels], whose last row multiplies the present
/// frame, and, with `Bias`, `bias` [OutChannels]. `Dilation` is over time, `Stride` over features.
template <std::size_t InChannels, std::size_t OutChannels, std::size_t Features, std::size_t KernelTime,
          std::size_t KernelFeatures, std::size_t Dilation, std::size_t Stride, FeaturePadding Padding, bool Bias,
          Backend B>
class BasicConv2D {
  static_assert(InChannels > 0 && OutChannels > 0 && KernelTime > 0 && Dilation > 0);
  using Axis = detail::FeatureAxis<Features, KernelFeatures, Stride, Padding>;
  static constexpr std::size_t past = (KernelTime - 1) * Dilation;
  static constexpr std::size_t seen = KernelFeatures * InChannels;  // values of a frame, from one position
  static constexpr std::size_t step = Stride * InChannels;          // from one position to the next
  static constexpr std::size_t before = Axis::before * InChannels, after = Axis::after * InChannels;
  using Weights = Matrix<B, KernelTime * seen, OutChannels>;
  using Padded = detail::ZeroPadding<typename B::scalar, Features * InChannels, before, after>;
  using Past = History<typename B::scalar, before + Features * InChannels + after, past>;
  static constexpr bool in_whole_registers = OutChannels % row_unit<B, OutChannels> == 0;

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct Nothing {};
  struct State {
    Padded padded;
    std::conditional_t<past == 0, Nothing, Past> history;
    /// One position, where its last register would reach into the next one, and that of the last beyond the frame.
    Values<scalar, in_whole_registers ? 0 : round_up(OutChannels, row_unit<B, OutChannels>)> position;
  };
  static constexpr std::string_view type = "conv2d";
  static constexpr std::size_t out_features = Axis::positions;
  static constexpr std::size_t in_size = Features * InChannels, out_size = out_features * OutChannels;
  static constexpr std::size_t receptive_field = past + 1;
  static constexpr std::size_t parameters = KernelTime * seen * OutChannels + (Bias ? OutChannels : 0);
  static constexpr std::size_t macs = KernelTime * seen * out_size;

  void visit(auto& v) {
    v.option("in", InChannels);
    v.option("out", OutChannels);
    v.option("features", Features);
    v.option("kernel_size_time", KernelTime);
    v.option("kernel_size_features", KernelFeatures);
    v.option("dilation", Dilation);
    v.option("stride", Stride);
    v.option("padding", std::string_view(Axis::same ? "same" : "valid"));
    v.tensor("kernel", kernel_);
    if constexpr (Bias) v.optional_tensor("bias", bias_, 0);
  }

  void reset([[maybe_unused]] State& state) const noexcept {
    if constexpr (past > 0) state.history.clear();
  }

  INLAY_INLINE void forward(State& state, const scalar* in, scalar* out) const noexcept {
    const scalar* const present = state.padded(in);
    const Window<scalar> window = remember(state, present);
    for (std::size_t p = 0; p < out_features; ++p) {
      scalar* const position = out + p * OutChannels;
      scalar* const y = in_whole_registers ? position : state.position.data();
      const Window<scalar> x = window.from(p * step);
      kernel_.for_panels([&]<std::size_t Height>(std::size_t row) INLAY_INLINE_LAMBDA {
        using Rows = Pack<B, Height>;
        Rows sums[1] = {Rows::load(bias_.data() + row)};
        if constexpr (seen == 1) {
          accumulate(Extent<KernelTime>{}, sums, kernel_, row, 0, x.at(0, past), Dilation * x.frame_stride);
        } else {
          for (std::size_t k = 0; k + 1 < KernelTime; ++k)
            accumulate(Extent<seen>{}, sums, kernel_, row, k * seen, x.at(0, past - k * Dilation), x.channel_stride);
          accumulate(Extent<seen>{}, sums, kernel_, row, (KernelTime - 1) * seen, present + p * step);
        }
        sums[0].store(y + row);
      });
      if constexpr (!in_whole_registers) copy(y, OutChannels, position);
    }
  }

  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    const Window<scalar> x = remember(state, state.padded(in, frames), frames);
    for (std::size_t p = 0; p < out_features; ++p)
      multiply(Extent<KernelTime>{}, kernel_, bias_.data(), x.from(p * step), Dilation,
               Block<scalar>(out.row(p * OutChannels)), frames);
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

  detail::KernelMatrix<Weights, KernelTime, KernelFeatures, InChannels, OutChannels> kernel_;
  Vector<B, OutChannels> bias_;
};

template <std::size_t InChannels, std::size_t OutChannels, std::size_t Features, std::size_t KernelTime,
          std::size_t KernelFeatures, std::size_t Dilation = 1, std::size_t Stride = 1,
          FeaturePadding Padding = FeaturePadding::valid, Backend B = default_backend>
using Conv2D =
    BasicConv2D<InChannels, OutChannels, Features, KernelTime, KernelFeatures, Dilation, Stride, Padding, true, B>;

/// Conv2D without a bias.
template <std::size_t InChannels, std::size_t OutChannels, std::size_t Features, std::size_t KernelTime,
          std::size_t KernelFeatures, std::size_t Dilation = 1, std::size_t Stride = 1,
          FeaturePadding Padding = FeaturePadding::valid, Backend B = default_backend>
using Conv2DNoBias =
    BasicConv2D<InChannels, OutChannels, Features, KernelTime, KernelFeatures, Dilation, Stride, Padding, false, B>;

}  // namespace inlay

/// RTNeural's compile-time layers by their names and template arguments, each an inlay layer with RTNeural's setters.
/// Included by rtneural.hpp.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "inlay/compat/rtneural_recurrent.hpp"
#include "inlay/compat/rtneural_settable.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/engine.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

template <typename T, int in_sizet, int out_sizet, bool has_bias = true>
class DenseT : public detail::Settable<BasicDense<in_sizet, out_sizet, has_bias, default_backend_for<T>>> {
 public:
  static constexpr bool dense_has_bias = has_bias;

  /// [out][in]
  void setWeights(const std::vector<std::vector<T>>& weights) {
    this->expect("setWeights", weights, {out_sizet, in_sizet});
    set_from(weights);
  }
  void setWeights(const T* const* weights) { set_from(weights); }
  /// [out]
  void setBias(const T* values)
    requires has_bias
  {
    this->set("bias", {values, out_sizet});
  }

 private:
  void set_from(const auto& weights) {
    this->set_kernel({1, 1, in_sizet, out_sizet}, "kernel", [&](auto, auto, auto i, auto o) { return weights[o][i]; });
  }
};

/// `dynamic_state` means nothing here: the history is part of the model's state.
template <typename T, int in_sizet, int out_sizet, int kernel_size, int dilation_rate, int groups = 1,
          bool dynamic_state = false>
class Conv1DT : public detail::Settable<
                    inlay::Conv1D<in_sizet, out_sizet, kernel_size, dilation_rate, groups, default_backend_for<T>>> {
  static constexpr std::size_t group_in = in_sizet / groups, taps = kernel_size;

 public:
  /// [out][in / groups][kernel], the first of a kernel multiplying the present frame.
  void setWeights(const std::vector<std::vector<std::vector<T>>>& weights) {
    this->expect("setWeights", weights, {out_sizet, group_in, taps});
    this->set_kernel({taps, 1, group_in, out_sizet}, "kernel",
                     [&](auto t, auto, auto i, auto o) { return weights[o][i][taps - 1 - t]; });
  }
  /// [out]
  void setBias(const std::vector<T>& values) { this->set_vector("setBias", "bias", values, out_sizet); }

  int getKernelSize() const noexcept { return kernel_size; }
  int getDilationRate() const noexcept { return dilation_rate; }
  int getGroups() const noexcept { return groups; }
};

template <typename T, int num_filters_in_t, int num_filters_out_t, int num_features_in_t, int kernel_size_time_t,
          int kernel_size_feature_t, int dilation_rate_t, int stride_t, bool valid_pad_t>
class Conv2DT : public detail::Settable<
                    inlay::Conv2D<num_filters_in_t, num_filters_out_t, num_features_in_t, kernel_size_time_t,
                                  kernel_size_feature_t, dilation_rate_t, stride_t,
                                  valid_pad_t ? FeaturePadding::valid : FeaturePadding::same, default_backend_for<T>>> {
 public:
  static constexpr int num_filters_in = num_filters_in_t, num_filters_out = num_filters_out_t,
                       num_features_in = num_features_in_t, kernel_size_time = kernel_size_time_t,
                       kernel_size_feature = kernel_size_feature_t, dilation_rate = dilation_rate_t, stride = stride_t;
  static constexpr bool valid_pad = valid_pad_t;

  int getKernelSizeTime() const noexcept { return kernel_size_time; }
  int getKernelSizeFeature() const noexcept { return kernel_size_feature; }
  int getStride() const noexcept { return stride; }
  int getDilationRate() const noexcept { return dilation_rate; }

  /// [time][out][in][feature], the last in time multiplying the present frame.
  void setWeights(const std::vector<std::vector<std::vector<std::vector<T>>>>& weights) {
    this->expect("setWeights", weights,
                 {kernel_size_time_t, num_filters_out_t, num_filters_in_t, kernel_size_feature_t});
    this->set_kernel({kernel_size_time_t, kernel_size_feature_t, num_filters_in_t, num_filters_out_t}, "kernel",
                     [&](auto t, auto f, auto i, auto o) { return weights[t][o][i][f]; });
  }
  /// [out]
  void setBias(const std::vector<T>& values) { this->set_vector("setBias", "bias", values, num_filters_out_t); }
};

/// A convolution over the features of one frame, without a bias.
template <typename T, int num_filters_in_t, int num_features_in_t, int num_filters_out_t, int kernel_size_t,
          int stride_t, bool valid_pad_t>
class Conv1DStatelessT
    : public detail::Settable<
          Conv2DNoBias<num_filters_in_t, num_filters_out_t, num_features_in_t, 1, kernel_size_t, 1, stride_t,
                       valid_pad_t ? FeaturePadding::valid : FeaturePadding::same, default_backend_for<T>>> {
 public:
  /// [out][in][kernel]
  void setWeights(const std::vector<std::vector<std::vector<T>>>& weights) {
    this->expect("setWeights", weights, {num_filters_out_t, num_filters_in_t, kernel_size_t});
    this->set_kernel({1, kernel_size_t, num_filters_in_t, num_filters_out_t}, "kernel",
                     [&](auto, auto f, auto i, auto o) { return weights[o][i][f]; });
  }
  /// [kernel][in][out]
  void setWeightsTransposed(const std::vector<std::vector<std::vector<T>>>& weights) {
    this->expect("setWeightsTransposed", weights, {kernel_size_t, num_filters_in_t, num_filters_out_t});
    this->set_kernel({1, kernel_size_t, num_filters_in_t, num_filters_out_t}, "kernel",
                     [&](auto, auto f, auto i, auto o) { return weights[f][i][o]; });
  }

  std::string getName() const { return "conv1d_stateless"; }
  int getKernelSize() const noexcept { return kernel_size_t; }
  int getStride() const noexcept { return stride_t; }
};

/// Gates in the order i, f, c, o.
template <typename T, int in_sizet, int out_sizet, SampleRateCorrectionMode mode = SampleRateCorrectionMode::None,
          typename MathsProvider = DefaultMathsProvider>
class LSTMLayerT : public detail::RecurrentLayer<
                       typename detail::AtRate<
                           detail::OfAnySize<LSTM<dynamic, dynamic, default_backend_for<T>>, in_sizet, out_sizet, 4, 1>,
                           LSTM<in_sizet, out_sizet, default_backend_for<T>>, mode>::type,
                       4, MathsProvider> {
 public:
  /// [4 * out]
  void setBVals(const std::vector<T>& values) { this->set_vector("setBVals", "bias", values, 4 * out_sizet); }
};

/// Gates in the order z, r, c.
template <typename T, int in_sizet, int out_sizet, SampleRateCorrectionMode mode = SampleRateCorrectionMode::None,
          typename MathsProvider = DefaultMathsProvider>
class GRULayerT : public detail::RecurrentLayer<
                      typename detail::AtRate<
                          detail::OfAnySize<GRU<dynamic, dynamic, default_backend_for<T>>, in_sizet, out_sizet, 3, 2>,
                          GRU<in_sizet, out_sizet, default_backend_for<T>>, mode>::type,
                      3, MathsProvider> {
 public:
  /// [2][3 * out]: the biases of the input, then those of the state.
  void setBVals(const std::vector<std::vector<T>>& values) {
    this->set_matrix("setBVals", "bias", values, 2, 3 * out_sizet);
  }
};

template <typename T, int size, bool affine = true>
class BatchNorm1DT : public detail::BatchNorm<BatchNorm1D<size, default_backend_for<T>>, size, affine> {};

template <typename T, int num_filters_t, int num_features_t, bool affine = true>
class BatchNorm2DT : public detail::BatchNorm<BatchNorm2D<num_filters_t, num_features_t, default_backend_for<T>>,
                                              num_filters_t, affine> {
 public:
  static constexpr int num_filters = num_filters_t, num_features = num_features_t;
};

template <typename T, int size, typename MathsProvider = DefaultMathsProvider>
using TanhActivationT = detail::Activation<Tanh<size, default_backend_for<T>>, MathsProvider>;

/// That of older versions of RTNeural; here it is the accurate one.
template <typename T, int size>
using FastTanhT = TanhActivationT<T, size>;

template <typename T, int size, typename MathsProvider = DefaultMathsProvider>
using SigmoidActivationT = detail::Activation<Sigmoid<size, default_backend_for<T>>, MathsProvider>;

template <typename T, int size>
using ReLuActivationT = detail::Activation<ReLU<size, default_backend_for<T>>, DefaultMathsProvider>;

template <typename T, int size, typename MathsProvider = DefaultMathsProvider>
using SoftmaxActivationT = detail::Activation<Softmax<size, default_backend_for<T>>, MathsProvider>;

template <typename T, int size, int AlphaNumerator = 1, int AlphaDenominator = 1,
          typename MathsProvider = DefaultMathsProvider>
struct ELuActivationT : detail::Activation<ELU<size, default_backend_for<T>>, MathsProvider> {
  ELuActivationT() noexcept { this->alpha = static_cast<T>(AlphaNumerator) / static_cast<T>(AlphaDenominator); }
};

template <typename T, int size>
class PReLUActivationT : public detail::Settable<PReLU<size, default_backend_for<T>>> {
 public:
  /// One slope for each channel, or for every channel of a feature, or one for all.
  void setAlphaVals(const std::vector<T>& values) {
    constexpr std::size_t channels = size;
    if (values.empty() || channels % values.size() != 0) this->expect("setAlphaVals", values, {channels});
    std::vector<T> all(channels);
    for (std::size_t c = 0; c < channels; ++c) all[c] = values[c % values.size()];
    this->set("alpha", all);
  }
};

}  // namespace inlay::INLAY_ISA::compat::rtneural

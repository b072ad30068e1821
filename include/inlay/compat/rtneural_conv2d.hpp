/// RTNeural's convolutions over features. Included by rtneural.hpp.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

#include "inlay/backend/default.hpp"
#include "inlay/compat/rtneural_layer.hpp"
#include "inlay/compat/rtneural_settable.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/layers/conv2d.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

namespace detail {

template <class Base>
class Conv2DSetters : public Base {
  using T = typename Base::scalar;

 public:
  using Base::Base;

  /// [time][out][in][feature], the last in time multiplying the present frame.
  void setWeights(const std::vector<Planes<T>>& weights) { this->set("setWeights", "kernel", weights, {0, 3, 2, 1}); }
  /// [out]
  void setBias(const std::vector<T>& bias) { this->set("setBias", "bias", bias); }
};

template <class Base>
class Conv1DStatelessSetters : public Base {
  using T = typename Base::scalar;

 public:
  using Base::Base;

  /// [out][in][kernel]
  void setWeights(const Planes<T>& weights) { this->set("setWeights", "kernel", weights, {2, 1, 0}); }
  /// [kernel][in][out]
  void setWeightsTransposed(const Planes<T>& weights) {
    this->set("setWeightsTransposed", "kernel", weights, {0, 1, 2});
  }
};

constexpr FeaturePadding padding(bool valid) { return valid ? FeaturePadding::valid : FeaturePadding::same; }

/// Positions of a kernel on so many features.
constexpr int features_out(int features, int kernel, int stride, bool valid) {
  return ((valid ? features - kernel + 1 : features) + stride - 1) / stride;
}

/// Sizes of a layer that runs a kernel over features.
struct Plane {
  int filters_in, filters_out, features_in, time, kernel, dilation, stride;
  bool valid;
};

/// Conv2D, and Conv1DStateless, which is a Conv2D of one frame without a bias.
template <typename T>
class PlaneLayer : public RecordLayer<T> {
 public:
  int getStride() const noexcept { return stride; }
  constexpr bool isActivation() const noexcept { return false; }

  const int num_filters_in, num_features_in, num_filters_out, stride, num_features_out;
  const bool valid_pad;

 protected:
  PlaneLayer(const char* name, const Plane& p, std::initializer_list<Constant> bias)
      : RecordLayer<T>(p.filters_in * p.features_in,
                       p.filters_out * features_out(p.features_in, p.kernel, p.stride, p.valid), "conv2d",
                       {{"in", p.filters_in},
                        {"out", p.filters_out},
                        {"features", p.features_in},
                        {"kernel_size_time", p.time},
                        {"kernel_size_features", p.kernel},
                        {"dilation", p.dilation},
                        {"stride", p.stride},
                        {"padding", p.valid ? "valid" : "same"}},
                       bias, name),
        num_filters_in(p.filters_in),
        num_features_in(p.features_in),
        num_filters_out(p.filters_out),
        stride(p.stride),
        num_features_out(features_out(p.features_in, p.kernel, p.stride, p.valid)),
        valid_pad(p.valid) {
    this->tensor({"kernel", {p.time, p.kernel, p.filters_in, p.filters_out}});
  }
};

}  // namespace detail

template <typename T, int num_filters_in_t, int num_filters_out_t, int num_features_in_t, int kernel_size_time_t,
          int kernel_size_feature_t, int dilation_rate_t, int stride_t, bool valid_pad_t>
class Conv2DT : public detail::Conv2DSetters<detail::Settable<inlay::Conv2D<
                    num_filters_in_t, num_filters_out_t, num_features_in_t, kernel_size_time_t, kernel_size_feature_t,
                    dilation_rate_t, stride_t, detail::padding(valid_pad_t), default_backend_for<T>>>> {
 public:
  static constexpr int num_filters_in = num_filters_in_t, num_filters_out = num_filters_out_t,
                       num_features_in = num_features_in_t, kernel_size_time = kernel_size_time_t,
                       kernel_size_feature = kernel_size_feature_t, dilation_rate = dilation_rate_t, stride = stride_t,
                       num_features_out =
                           detail::features_out(num_features_in, kernel_size_feature, stride, valid_pad_t);
  static constexpr bool valid_pad = valid_pad_t;

  int getKernelSizeTime() const noexcept { return kernel_size_time; }
  int getKernelSizeFeature() const noexcept { return kernel_size_feature; }
  int getStride() const noexcept { return stride; }
  int getDilationRate() const noexcept { return dilation_rate; }
};

template <typename T>
class Conv2D final : public detail::Conv2DSetters<detail::PlaneLayer<T>> {
 public:
  Conv2D(int filters_in, int filters_out, int features_in, int time, int kernel, int dilation, int step, bool valid)
      : detail::Conv2DSetters<detail::PlaneLayer<T>>(
            "conv2d", detail::Plane{filters_in, filters_out, features_in, time, kernel, dilation, step, valid},
            std::initializer_list<detail::Constant>{{"bias", {filters_out}}}),
        kernel_size_time(time),
        kernel_size_feature(kernel),
        dilation_rate(dilation),
        receptive_field(1 + (time - 1) * dilation) {}
  Conv2D(std::initializer_list<int> sizes)
      : Conv2D(sizes.begin()[0], sizes.begin()[1], sizes.begin()[2], sizes.begin()[3], sizes.begin()[4],
               sizes.begin()[5], sizes.begin()[6], sizes.begin()[7] != 0) {}

  int getKernelSizeTime() const noexcept { return kernel_size_time; }
  int getKernelSizeFeature() const noexcept { return kernel_size_feature; }
  int getDilationRate() const noexcept { return dilation_rate; }

  const int kernel_size_time, kernel_size_feature, dilation_rate, receptive_field;
};

/// A convolution over the features of one frame, without a bias.
template <typename T, int num_filters_in_t, int num_features_in_t, int num_filters_out_t, int kernel_size_t,
          int stride_t, bool valid_pad_t>
class Conv1DStatelessT
    : public detail::Conv1DStatelessSetters<
          detail::Settable<Conv2DNoBias<num_filters_in_t, num_filters_out_t, num_features_in_t, 1, kernel_size_t, 1,
                                        stride_t, detail::padding(valid_pad_t), default_backend_for<T>>>> {
 public:
  static constexpr int num_features_out = detail::features_out(num_features_in_t, kernel_size_t, stride_t, valid_pad_t);

  std::string getName() const { return "conv1d_stateless"; }
  int getKernelSize() const noexcept { return kernel_size_t; }
  int getStride() const noexcept { return stride_t; }
};

/// The same with sizes that are numbers.
template <typename T>
class Conv1DStateless final : public detail::Conv1DStatelessSetters<detail::PlaneLayer<T>> {
 public:
  Conv1DStateless(int filters_in, int features_in, int filters_out, int kernel, int step, bool valid)
      : detail::Conv1DStatelessSetters<detail::PlaneLayer<T>>(
            "conv1d_stateless", detail::Plane{filters_in, filters_out, features_in, 1, kernel, 1, step, valid},
            std::initializer_list<detail::Constant>{}),
        kernel_size(kernel) {}
  Conv1DStateless(std::initializer_list<int> sizes)
      : Conv1DStateless(sizes.begin()[0], sizes.begin()[1], sizes.begin()[2], sizes.begin()[3], sizes.begin()[4],
                        sizes.begin()[5] != 0) {}

  static constexpr int computeNumFeaturesOut(int features, int kernel, int step, int valid) {
    return detail::features_out(features, kernel, step, valid != 0);
  }
  int getKernelSize() const noexcept { return kernel_size; }

  const int kernel_size;
};

}  // namespace inlay::INLAY_ISA::compat::rtneural

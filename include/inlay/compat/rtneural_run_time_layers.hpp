/// RTNeural's run-time layers by their names, each a layer of inlay's of dynamic sizes. Included by rtneural.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "inlay/compat/rtneural_layer.hpp"
#include "inlay/compat/rtneural_settable.hpp"
#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

template <typename T>
class Dense final : public detail::RecordLayer<T> {
  using Base = detail::RecordLayer<T>;

 public:
  static constexpr bool dense_has_bias = true;

  Dense(int in, int out) : Base(in, out, "dense", "dense") {
    this->option("in", in);
    this->option("out", out);
    this->tensor("kernel", {this->size(in), this->size(out)});
    this->tensor("bias", {this->size(out)});
  }
  Dense(std::initializer_list<int> sizes) : Dense(sizes.begin()[0], sizes.begin()[1]) {}

  /// [out][in]
  void setWeights(const std::vector<std::vector<T>>& weights) {
    this->expect("setWeights", weights, {outs(), ins()});
    set_from(weights);
  }
  void setWeights(const T* const* weights) { set_from(weights); }
  /// [out]
  void setBias(const T* bias) {
    this->set("bias", {1, 1, 1, outs()}, [&](auto, auto, auto, auto o) { return bias[o]; });
  }
  T getWeight(int out, int in) const { return this->value("kernel", this->size(in) * outs() + this->size(out)); }
  T getBias(int out) const { return this->value("bias", this->size(out)); }

 private:
  std::size_t ins() const { return this->size(this->in_size); }
  std::size_t outs() const { return this->size(this->out_size); }
  void set_from(const auto& weights) {
    this->set("kernel", {1, 1, ins(), outs()}, [&](auto, auto, auto i, auto o) { return weights[o][i]; });
  }
};

template <typename T>
class Conv1D final : public detail::RecordLayer<T> {
  using Base = detail::RecordLayer<T>;

 public:
  Conv1D(int in, int out, int kernel, int dilation, int group_count = 1)
      : Base(in, out, "conv1d", "conv1d"),
        dilation_rate(dilation),
        kernel_size(kernel),
        groups(group_count),
        skipped_(this->size(out)) {
    this->option("in", in);
    this->option("out", out);
    this->option("kernel_size", kernel_size);
    this->option("dilation", dilation_rate);
    this->option("groups", groups);
    this->tensor("kernel", {this->size(kernel_size), this->size(in / groups), this->size(out)});
    this->tensor("bias", {this->size(out)});
  }
  Conv1D(std::initializer_list<int> sizes)
      : Conv1D(sizes.begin()[0], sizes.begin()[1], sizes.begin()[2], sizes.begin()[3], sizes.begin()[4]) {}

  /// Takes a frame whose output nobody needs.
  void skip(const T* input) noexcept { this->forward(input, skipped_.data()); }

  /// [out][in / groups][kernel], the first of a kernel multiplying the present frame.
  void setWeights(const std::vector<std::vector<std::vector<T>>>& weights) {
    const std::size_t outs = this->size(this->out_size), ins = this->size(this->in_size / groups),
                      taps = this->size(kernel_size);
    this->expect("setWeights", weights, {outs, ins, taps});
    this->set("kernel", {1, taps, ins, outs},
              [&](auto, auto t, auto i, auto o) { return weights[o][i][taps - 1 - t]; });
  }
  /// [out]
  void setBias(const std::vector<T>& bias) { this->set_vector("setBias", "bias", bias); }

  int getKernelSize() const noexcept { return kernel_size; }
  int getDilationRate() const noexcept { return dilation_rate; }
  int getGroups() const noexcept { return groups; }

  const int dilation_rate, kernel_size, groups;

 private:
  std::vector<T> skipped_;
};

/// A convolution that computes one frame for `stride`, and repeats it between them.
template <typename T>
class StridedConv1D final : public Layer<T> {
 public:
  StridedConv1D(int in, int out, int kernel, int dilation, int stride, int group_count = 1)
      : Layer<T>(in, out),
        conv_(in, out, kernel, dilation, group_count),
        stride_(stride),
        last_(static_cast<std::size_t>(out)) {}
  StridedConv1D(std::initializer_list<int> sizes)
      : StridedConv1D(sizes.begin()[0], sizes.begin()[1], sizes.begin()[2], sizes.begin()[3], sizes.begin()[4],
                      sizes.begin()[5]) {}

  std::string getName() const noexcept override { return "strided_conv1d"; }
  void reset() override {
    phase_ = 0;
    std::fill(last_.begin(), last_.end(), T{});
    conv_.reset();
  }
  void skip(const T* input) noexcept { conv_.skip(input); }
  void forward(const T* input, T* out) noexcept override {
    if (phase_ == 0) conv_.forward(input, last_.data());
    else conv_.skip(input);
    std::copy(last_.begin(), last_.end(), out);
    phase_ = phase_ + 1 == stride_ ? 0 : phase_ + 1;
  }

  void setWeights(const std::vector<std::vector<std::vector<T>>>& weights) { conv_.setWeights(weights); }
  void setBias(const std::vector<T>& bias) { conv_.setBias(bias); }
  int getKernelSize() const noexcept { return conv_.getKernelSize(); }
  int getDilationRate() const noexcept { return conv_.getDilationRate(); }
  int getGroups() const noexcept { return conv_.getGroups(); }

 private:
  Conv1D<T> conv_;
  int stride_, phase_ = 0;
  std::vector<T> last_;
};

namespace detail {

/// Positions of a kernel on so many features.
constexpr int features_out(int features, int kernel, int stride, bool valid) {
  return ((valid ? features - kernel + 1 : features) + stride - 1) / stride;
}

/// Conv2D, and Conv1DStateless, which is a Conv2D of one frame without a bias.
template <typename T>
class PlaneLayer : public RecordLayer<T> {
 public:
  int getStride() const noexcept { return stride; }

  const int num_filters_in, num_features_in, num_filters_out, stride, num_features_out;
  const bool valid_pad;

 protected:
  PlaneLayer(const char* name, int filters_in, int filters_out, int features_in, int time, int kernel, int dilation,
             int stride_of_features, bool valid)
      : RecordLayer<T>(filters_in * features_in,
                       filters_out * features_out(features_in, kernel, stride_of_features, valid), name, "conv2d"),
        num_filters_in(filters_in),
        num_features_in(features_in),
        num_filters_out(filters_out),
        stride(stride_of_features),
        num_features_out(features_out(features_in, kernel, stride_of_features, valid)),
        valid_pad(valid) {
    this->option("in", filters_in);
    this->option("out", filters_out);
    this->option("features", features_in);
    this->option("kernel_size_time", time);
    this->option("kernel_size_features", kernel);
    this->option("dilation", dilation);
    this->option("stride", stride);
    this->option("padding", valid ? "valid" : "same");
    this->tensor("kernel", {this->size(time), this->size(kernel), this->size(filters_in), this->size(filters_out)});
  }
};

}  // namespace detail

template <typename T>
class Conv2D final : public detail::PlaneLayer<T> {
 public:
  Conv2D(int filters_in, int filters_out, int features_in, int time, int kernel, int dilation, int step, bool valid)
      : detail::PlaneLayer<T>("conv2d", filters_in, filters_out, features_in, time, kernel, dilation, step, valid),
        kernel_size_time(time),
        kernel_size_feature(kernel),
        dilation_rate(dilation),
        receptive_field(1 + (time - 1) * dilation) {
    this->tensor("bias", {this->size(filters_out)});
  }
  Conv2D(std::initializer_list<int> sizes)
      : Conv2D(sizes.begin()[0], sizes.begin()[1], sizes.begin()[2], sizes.begin()[3], sizes.begin()[4],
               sizes.begin()[5], sizes.begin()[6], sizes.begin()[7] != 0) {}

  /// [time][out][in][feature], the last in time multiplying the present frame.
  void setWeights(const std::vector<std::vector<std::vector<std::vector<T>>>>& weights) {
    const std::size_t time = this->size(kernel_size_time), outs = this->size(this->num_filters_out),
                      ins = this->size(this->num_filters_in), features = this->size(kernel_size_feature);
    this->expect("setWeights", weights, {time, outs, ins, features});
    this->set("kernel", {time, features, ins, outs},
              [&](auto t, auto f, auto i, auto o) { return weights[t][o][i][f]; });
  }
  /// [out]
  void setBias(const std::vector<T>& bias) { this->set_vector("setBias", "bias", bias); }

  int getKernelSizeTime() const noexcept { return kernel_size_time; }
  int getKernelSizeFeature() const noexcept { return kernel_size_feature; }
  int getDilationRate() const noexcept { return dilation_rate; }

  const int kernel_size_time, kernel_size_feature, dilation_rate, receptive_field;
};

/// A convolution over the features of one frame, without a bias.
template <typename T>
class Conv1DStateless final : public detail::PlaneLayer<T> {
 public:
  Conv1DStateless(int filters_in, int features_in, int filters_out, int kernel, int step, bool valid)
      : detail::PlaneLayer<T>("conv1d_stateless", filters_in, filters_out, features_in, 1, kernel, 1, step, valid),
        kernel_size(kernel) {}
  Conv1DStateless(std::initializer_list<int> sizes)
      : Conv1DStateless(sizes.begin()[0], sizes.begin()[1], sizes.begin()[2], sizes.begin()[3], sizes.begin()[4],
                        sizes.begin()[5] != 0) {}

  /// [out][in][kernel]
  void setWeights(const std::vector<std::vector<std::vector<T>>>& weights) {
    const std::size_t outs = this->size(this->num_filters_out), ins = this->size(this->num_filters_in),
                      taps = this->size(kernel_size);
    this->expect("setWeights", weights, {outs, ins, taps});
    this->set("kernel", {1, taps, ins, outs}, [&](auto, auto f, auto i, auto o) { return weights[o][i][f]; });
  }
  int getKernelSize() const noexcept { return kernel_size; }

  const int kernel_size;
};

namespace detail {

/// What both recurrent layers share; `Gates` is 4 for an LSTM and 3 for a GRU, in Keras's order.
template <typename T, std::size_t Gates, class Maths>
class RunTimeRecurrent : public RecordLayer<T>, private Provided<Maths> {
 public:
  /// [in][Gates * out]
  void setWVals(const std::vector<std::vector<T>>& values) {
    this->expect("setWVals", values, {this->size(this->in_size), columns()});
    setWVals_from(values);
  }
  void setWVals(const T* const* values) { setWVals_from(values); }
  /// [out][Gates * out]
  void setUVals(const std::vector<std::vector<T>>& values) {
    this->expect("setUVals", values, {this->size(this->out_size), columns()});
    setUVals_from(values);
  }
  void setUVals(const T* const* values) { setUVals_from(values); }
  T getWVal(int i, int k) const { return this->value("kernel", this->size(i) * columns() + this->size(k)); }
  T getUVal(int i, int k) const { return this->value("recurrent_kernel", this->size(i) * columns() + this->size(k)); }

 protected:
  RunTimeRecurrent(int in, int out, const char* type) : RecordLayer<T>(in, out, type, type) {
    this->option("in", in);
    this->option("out", out);
    this->option("recurrent_activation", "sigmoid");
    this->tensor("kernel", {this->size(in), columns()});
    this->tensor("recurrent_kernel", {this->size(out), columns()});
  }
  std::size_t columns() const { return Gates * this->size(this->out_size); }

 private:
  void setWVals_from(const auto& values) {
    this->set("kernel", {1, 1, this->size(this->in_size), columns()},
              [&](auto, auto, auto i, auto k) { return values[i][k]; });
  }
  void setUVals_from(const auto& values) {
    this->set("recurrent_kernel", {1, 1, this->size(this->out_size), columns()},
              [&](auto, auto, auto i, auto k) { return values[i][k]; });
  }
};

}  // namespace detail

/// Gates in the order i, f, c, o.
template <typename T, typename MathsProvider = DefaultMathsProvider>
class LSTMLayer final : public detail::RunTimeRecurrent<T, 4, MathsProvider> {
 public:
  LSTMLayer(int in, int out) : detail::RunTimeRecurrent<T, 4, MathsProvider>(in, out, "lstm") {
    this->tensor("bias", {this->columns()});
  }
  LSTMLayer(std::initializer_list<int> sizes) : LSTMLayer(sizes.begin()[0], sizes.begin()[1]) {}

  /// [4 * out]
  void setBVals(const std::vector<T>& values) { this->set_vector("setBVals", "bias", values); }
};

/// Gates in the order z, r, c.
template <typename T, typename MathsProvider = DefaultMathsProvider>
class GRULayer final : public detail::RunTimeRecurrent<T, 3, MathsProvider> {
 public:
  GRULayer(int in, int out) : detail::RunTimeRecurrent<T, 3, MathsProvider>(in, out, "gru") {
    this->option("reset_after", true);
    this->tensor("bias", {2, this->columns()});
  }
  GRULayer(std::initializer_list<int> sizes) : GRULayer(sizes.begin()[0], sizes.begin()[1]) {}

  /// [2][3 * out]: the biases of the input, then those of the state.
  void setBVals(const std::vector<std::vector<T>>& values) {
    this->expect("setBVals", values, {2, this->columns()});
    set_from(values);
  }
  void setBVals(const T* const* values) { set_from(values); }
  T getBVal(int i, int k) const { return this->value("bias", this->size(i) * this->columns() + this->size(k)); }

 private:
  void set_from(const auto& values) {
    this->set("bias", {1, 1, 2, this->columns()}, [&](auto, auto, auto i, auto k) { return values[i][k]; });
  }
};

namespace detail {

/// Batch normalisation over `channels` of them.
template <typename T>
class RunTimeBatchNorm : public RecordLayer<T> {
 public:
  static constexpr bool is_affine = true;

  void setGamma(const std::vector<T>& values) { this->set_vector("setGamma", "gamma", values); }
  void setBeta(const std::vector<T>& values) { this->set_vector("setBeta", "beta", values); }
  void setRunningMean(const std::vector<T>& values) { this->set_vector("setRunningMean", "mean", values); }
  void setRunningVariance(const std::vector<T>& values) {
    expect_variances(values, this->getName());
    this->set_vector("setRunningVariance", "variance", values);
  }
  void setEpsilon(T epsilon) { this->number("epsilon", epsilon); }

 protected:
  RunTimeBatchNorm(int size, int channels, const char* name, const char* type)
      : RecordLayer<T>(size, size, name, type) {
    this->number("epsilon", 0);
    for (const char* tensor : {"gamma", "variance"}) this->tensor(tensor, {this->size(channels)}, 1);
    for (const char* tensor : {"beta", "mean"}) this->tensor(tensor, {this->size(channels)});
  }
};

}  // namespace detail

template <typename T>
class BatchNorm1DLayer final : public detail::RunTimeBatchNorm<T> {
 public:
  explicit BatchNorm1DLayer(int size) : detail::RunTimeBatchNorm<T>(size, size, "batchnorm", "batchnorm1d") {
    this->option("size", size);
  }
};

template <typename T>
class BatchNorm2DLayer final : public detail::RunTimeBatchNorm<T> {
 public:
  BatchNorm2DLayer(int filters, int features)
      : detail::RunTimeBatchNorm<T>(filters * features, filters, "batchnorm2d", "batchnorm2d"),
        num_filters(filters),
        num_features(features) {
    this->option("channels", filters);
    this->option("features", features);
  }

  const int num_filters, num_features;
};

/// An activation: one of those below, or a function of the user's own.
template <typename T>
class Activation : public detail::RecordLayer<T> {
 public:
  Activation(int size, std::function<T(T)> function, const std::string& name)
      : detail::RecordLayer<T>(size, size, name, name), function_(std::move(function)) {
    this->option("size", size);
  }

  void forward(const T* input, T* out) noexcept override {
    if (function_) std::transform(input, input + this->in_size, out, function_);
    else detail::RecordLayer<T>::forward(input, out);
  }

 protected:
  const io::LayerRecord* record() const noexcept override {
    return function_ ? nullptr : detail::RecordLayer<T>::record();
  }

 private:
  std::function<T(T)> function_;
};

namespace detail {

/// An activation of inlay's.
template <typename T, class Maths>
class NamedActivation : public rtneural::Activation<T>, private Provided<Maths> {
 protected:
  NamedActivation(int size, const char* name) : rtneural::Activation<T>(size, {}, name) {}
};

}  // namespace detail

template <typename T, typename MathsProvider = DefaultMathsProvider>
class TanhActivation final : public detail::NamedActivation<T, MathsProvider> {
 public:
  explicit TanhActivation(int size) : detail::NamedActivation<T, MathsProvider>(size, "tanh") {}
  TanhActivation(std::initializer_list<int> sizes) : TanhActivation(*sizes.begin()) {}
};

template <typename T>
class ReLuActivation final : public detail::NamedActivation<T, DefaultMathsProvider> {
 public:
  explicit ReLuActivation(int size) : detail::NamedActivation<T, DefaultMathsProvider>(size, "relu") {}
  ReLuActivation(std::initializer_list<int> sizes) : ReLuActivation(*sizes.begin()) {}
};

template <typename T, typename MathsProvider = DefaultMathsProvider>
class SigmoidActivation final : public detail::NamedActivation<T, MathsProvider> {
 public:
  explicit SigmoidActivation(int size) : detail::NamedActivation<T, MathsProvider>(size, "sigmoid") {}
  SigmoidActivation(std::initializer_list<int> sizes) : SigmoidActivation(*sizes.begin()) {}
};

template <typename T, typename MathsProvider = DefaultMathsProvider>
class SoftmaxActivation final : public detail::NamedActivation<T, MathsProvider> {
 public:
  explicit SoftmaxActivation(int size) : detail::NamedActivation<T, MathsProvider>(size, "softmax") {}
  SoftmaxActivation(std::initializer_list<int> sizes) : SoftmaxActivation(*sizes.begin()) {}
};

template <typename T, typename MathsProvider = DefaultMathsProvider>
class ELuActivation final : public detail::NamedActivation<T, MathsProvider> {
 public:
  explicit ELuActivation(int size) : detail::NamedActivation<T, MathsProvider>(size, "elu") { set_alpha(1); }
  ELuActivation(std::initializer_list<int> sizes) : ELuActivation(*sizes.begin()) {}

  void set_alpha(T alpha) { this->number("alpha", alpha); }
};

template <typename T>
class PReLUActivation final : public detail::NamedActivation<T, DefaultMathsProvider> {
 public:
  explicit PReLUActivation(int size) : detail::NamedActivation<T, DefaultMathsProvider>(size, "prelu") {
    this->tensor("alpha", {this->size(size)});
  }

  /// One slope for each channel, or for every channel of a feature, or one for all.
  void setAlphaVals(const std::vector<T>& values) {
    const std::size_t channels = this->size(this->in_size);
    if (values.empty() || channels % values.size() != 0) this->expect("setAlphaVals", values, {channels});
    this->set("alpha", {1, 1, 1, channels}, [&](auto, auto, auto, auto c) { return values[c % values.size()]; });
  }
};

}  // namespace inlay::INLAY_ISA::compat::rtneural

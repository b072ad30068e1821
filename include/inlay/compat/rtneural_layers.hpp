/// RTNeural's compile-time layers by their names and template arguments, each an inlay layer with RTNeural's setters.
/// Included by rtneural.hpp.
#pragma once

#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "inlay/engine.hpp"
#include "inlay/io/error.hpp"

namespace inlay::compat::rtneural {

/// How a recurrent layer's feedback is delayed at another sample rate than the trained one.
enum class SampleRateCorrectionMode { None, NoInterp, LinInterp };

/// The only one: inlay's mathematics is that of its backend.
struct DefaultMathsProvider {};

namespace detail {

/// The default backend, for scalars of type T.
template <class B, class T>
struct Rebind;
template <template <std::floating_point, class, class> class B, class Scalar, class Math, class Weight, class T>
struct Rebind<B<Scalar, Math, Weight>, T> {
  using type = B<T, Math, T>;
};
template <class T>
using BackendFor = typename Rebind<default_backend, T>::type;

/// Throws load_error unless nested vectors have these extents.
template <class V>
void expect_shape(const std::vector<V>& values, const std::size_t* shape, const std::string& place,
                  const std::string& layer) {
  if (values.size() != *shape)
    throw load_error(place, io::concat({std::to_string(*shape), " entries"}), std::to_string(values.size()), layer);
  if constexpr (!std::floating_point<V>)
    for (std::size_t i = 0; i < values.size(); ++i)
      expect_shape(values[i], shape + 1, io::concat({place, "[", std::to_string(i), "]"}), layer);
}

/// An inlay layer with what RTNeural's layers have in common.
template <class L>
class Settable : public L {
  using T = typename L::scalar;

 public:
  static constexpr int in_size = static_cast<int>(L::in_size), out_size = static_cast<int>(L::out_size);

 protected:
  /// Values for one of RTNeural's setters, which `place` names; throws load_error unless they are of this shape.
  template <class V, std::size_t N>
  static void expect(const char* place, const std::vector<V>& values, const std::size_t (&shape)[N]) {
    expect_shape(values, shape, place,
                 io::concat({L::type, " ", std::to_string(in_size), " -> ", std::to_string(out_size)}));
  }

  /// Sets a tensor whose values `at(t, f, i, o)` gives for each place [time, feature, in, out] of a kernel.
  void set_kernel(const std::array<std::size_t, 4>& shape, std::string_view tensor, auto at) {
    std::vector<T> values;
    values.reserve(shape[0] * shape[1] * shape[2] * shape[3]);
    for (std::size_t t = 0; t < shape[0]; ++t)
      for (std::size_t f = 0; f < shape[1]; ++f)
        for (std::size_t i = 0; i < shape[2]; ++i)
          for (std::size_t o = 0; o < shape[3]; ++o) values.push_back(at(t, f, i, o));
    set(tensor, values);
  }
  void set_matrix(const char* place, std::string_view tensor, const std::vector<std::vector<T>>& values,
                  std::size_t rows, std::size_t columns) {
    expect(place, values, {rows, columns});
    set_kernel({1, 1, rows, columns}, tensor, [&](auto, auto, auto i, auto o) { return values[i][o]; });
  }
  void set_vector(const char* place, std::string_view tensor, const std::vector<T>& values, std::size_t size) {
    expect(place, values, {size});
    set(tensor, values);
  }
  void set(std::string_view tensor, std::span<const T> values) {
    [[maybe_unused]] const bool done = assign(static_cast<L&>(*this), tensor, values);
    assert(done);
  }
};

/// A recurrent layer that stays at its rate when weights are loaded after `prepare`, as RTNeural's does.
template <class L, std::size_t Order>
class Corrected : public RateCorrected<L, 16, Order> {
  using Base = RateCorrected<L, 16, Order>;
  using Delay = std::conditional_t<Order == 0, int, typename L::scalar>;

 public:
  /// Goes to `delay` times the trained sample rate. Throws std::invalid_argument where that is below 1 or above 16.
  void prepare(Delay delay) {
    if (!set_rate_ratio(static_cast<double>(delay)))
      throw std::invalid_argument("inlay: a delay for sample rate correction has to be from 1 to 16 samples");
  }
  [[nodiscard]] bool set_rate_ratio(double ratio) noexcept {
    if (!Base::set_rate_ratio(ratio)) return false;
    ratio_ = ratio;
    return true;
  }
  void prepare() noexcept {
    Base::prepare();
    (void)Base::set_rate_ratio(ratio_);
  }

 private:
  double ratio_ = 1;
};

template <class L, SampleRateCorrectionMode Mode>
struct AtRate {
  using type = Corrected<L, Mode == SampleRateCorrectionMode::NoInterp ? 0 : 1>;
};
template <class L>
struct AtRate<L, SampleRateCorrectionMode::None> {
  using type = L;
};

template <class Maths>
struct OnlyDefaultMaths {
  static_assert(std::same_as<Maths, DefaultMathsProvider>,
                "inlay: a MathsProvider of your own has no counterpart; leave it out, inlay's tanh and sigmoid are "
                "accurate and fast (docs/from-rtneural.md)");
};

template <class L, class Maths>
struct Activation : Settable<L>, private OnlyDefaultMaths<Maths> {};

/// What both recurrent layers share; `Gates` is 4 for an LSTM and 3 for a GRU, in Keras's order.
template <class L, std::size_t Gates, SampleRateCorrectionMode Mode, class Maths>
class RecurrentLayer : public Settable<typename AtRate<L, Mode>::type>, private OnlyDefaultMaths<Maths> {
  using Matrix = std::vector<std::vector<typename L::scalar>>;

 public:
  /// [in][Gates * out]
  void setWVals(const Matrix& values) {
    this->set_matrix("setWVals", "kernel", values, L::in_size, Gates * L::out_size);
  }
  /// [out][Gates * out]
  void setUVals(const Matrix& values) {
    this->set_matrix("setUVals", "recurrent_kernel", values, L::out_size, Gates * L::out_size);
  }
};

/// Batch normalisation, over `Channels` of them.
template <class L, std::size_t Channels, bool Affine>
class BatchNorm : public Settable<L> {
  using T = typename L::scalar;

 public:
  static constexpr bool is_affine = Affine;

  BatchNorm() { setEpsilon(0); }

  void setGamma(const std::vector<T>& values)
    requires Affine
  {
    this->set_vector("setGamma", "gamma", values, Channels);
  }
  void setBeta(const std::vector<T>& values)
    requires Affine
  {
    this->set_vector("setBeta", "beta", values, Channels);
  }
  void setRunningMean(const std::vector<T>& values) { this->set_vector("setRunningMean", "mean", values, Channels); }
  void setRunningVariance(const std::vector<T>& values) {
    this->set_vector("setRunningVariance", "variance", values, Channels);
  }
  void setEpsilon(T value) { this->set("epsilon", {&value, 1}); }
};

}  // namespace detail

template <typename T, int in_sizet, int out_sizet, bool has_bias = true>
class DenseT : public detail::Settable<BasicDense<in_sizet, out_sizet, has_bias, detail::BackendFor<T>>> {
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
class Conv1DT
    : public detail::Settable<Conv1D<in_sizet, out_sizet, kernel_size, dilation_rate, groups, detail::BackendFor<T>>> {
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
                    Conv2D<num_filters_in_t, num_filters_out_t, num_features_in_t, kernel_size_time_t,
                           kernel_size_feature_t, dilation_rate_t, stride_t,
                           valid_pad_t ? FeaturePadding::valid : FeaturePadding::same, detail::BackendFor<T>>> {
 public:
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
                       valid_pad_t ? FeaturePadding::valid : FeaturePadding::same, detail::BackendFor<T>>> {
 public:
  /// [out][in][kernel]
  void setWeights(const std::vector<std::vector<std::vector<T>>>& weights) {
    this->expect("setWeights", weights, {num_filters_out_t, num_filters_in_t, kernel_size_t});
    this->set_kernel({1, kernel_size_t, num_filters_in_t, num_filters_out_t}, "kernel",
                     [&](auto, auto f, auto i, auto o) { return weights[o][i][f]; });
  }
};

/// Gates in the order i, f, c, o.
template <typename T, int in_sizet, int out_sizet, SampleRateCorrectionMode mode = SampleRateCorrectionMode::None,
          typename MathsProvider = DefaultMathsProvider>
class LSTMLayerT
    : public detail::RecurrentLayer<LSTM<in_sizet, out_sizet, detail::BackendFor<T>>, 4, mode, MathsProvider> {
 public:
  /// [4 * out]
  void setBVals(const std::vector<T>& values) { this->set_vector("setBVals", "bias", values, 4 * out_sizet); }
};

/// Gates in the order z, r, c.
template <typename T, int in_sizet, int out_sizet, SampleRateCorrectionMode mode = SampleRateCorrectionMode::None,
          typename MathsProvider = DefaultMathsProvider>
class GRULayerT
    : public detail::RecurrentLayer<GRU<in_sizet, out_sizet, detail::BackendFor<T>>, 3, mode, MathsProvider> {
 public:
  /// [2][3 * out]: the biases of the input, then those of the state.
  void setBVals(const std::vector<std::vector<T>>& values) {
    this->set_matrix("setBVals", "bias", values, 2, 3 * out_sizet);
  }
};

template <typename T, int size, bool affine = true>
class BatchNorm1DT : public detail::BatchNorm<BatchNorm1D<size, detail::BackendFor<T>>, size, affine> {};

template <typename T, int num_filters_t, int num_features_t, bool affine = true>
class BatchNorm2DT : public detail::BatchNorm<BatchNorm2D<num_filters_t, num_features_t, detail::BackendFor<T>>,
                                              num_filters_t, affine> {};

template <typename T, int size, typename MathsProvider = DefaultMathsProvider>
using TanhActivationT = detail::Activation<Tanh<size, detail::BackendFor<T>>, MathsProvider>;

/// That of older versions of RTNeural; here it is the accurate one.
template <typename T, int size>
using FastTanhT = TanhActivationT<T, size>;

template <typename T, int size, typename MathsProvider = DefaultMathsProvider>
using SigmoidActivationT = detail::Activation<Sigmoid<size, detail::BackendFor<T>>, MathsProvider>;

template <typename T, int size>
using ReLuActivationT = detail::Activation<ReLU<size, detail::BackendFor<T>>, DefaultMathsProvider>;

template <typename T, int size, typename MathsProvider = DefaultMathsProvider>
using SoftmaxActivationT = detail::Activation<Softmax<size, detail::BackendFor<T>>, MathsProvider>;

template <typename T, int size, int AlphaNumerator = 1, int AlphaDenominator = 1,
          typename MathsProvider = DefaultMathsProvider>
struct ELuActivationT : detail::Activation<ELU<size, detail::BackendFor<T>>, MathsProvider> {
  ELuActivationT() noexcept { this->alpha = static_cast<T>(AlphaNumerator) / static_cast<T>(AlphaDenominator); }
};

template <typename T, int size>
class PReLUActivationT : public detail::Settable<PReLU<size, detail::BackendFor<T>>> {
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

}  // namespace inlay::compat::rtneural

/// LayerTable: built-in layers of dynamic sizes by the name of their type in a file.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/engine.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/kernels/layer_operation.hpp"
#include "inlay/run_time/kernels/panel_conv1d.hpp"
#include "inlay/run_time/kernels/panel_dense.hpp"

namespace inlay::INLAY_ISA::kernels {

/// Makes layers of backend B from their records. To add a built-in layer, add a row to `rows`.
template <class B>
class LayerTable {
  using T = typename B::scalar;
  using OperationPtr = std::unique_ptr<run_time::Operation<T>>;
  static constexpr std::size_t any = dynamic;

  template <class L>
  static INLAY_COLD OperationPtr make(const io::LayerRecord& record, std::size_t width) {
    return OperationPtr(new LayerOperation<L>(record, width));
  }

  /// A convolution of one channel with many taps is a `FIR`.
  static OperationPtr conv1d(const io::LayerRecord& record, std::size_t width) {
    const auto is_one = [&](const char* name) { return io::number_option(record, name, 1) == 1; };
    if (is_one("in") && is_one("out") && is_one("dilation") && is_one("groups") && is_one("stride") &&
        io::number_option(record, "kernel_size", 1) >= inlay::detail::fir_instead_of_conv1d)
      return make<FIR<any, B>>(record, width);
    return make<PanelConv1D<B>>(record, width);
  }
  static OperationPtr gru(const io::LayerRecord& record, std::size_t width) {
    if (io::flag_option(record, "reset_after", true))
      return make<InitialState<BasicGRU<any, any, true, AnyGate, B>>>(record, width);
    return make<InitialState<BasicGRU<any, any, false, AnyGate, B>>>(record, width);
  }
  template <FeaturePadding Padding>
  using DynamicConv2D = BasicConv2D<any, any, any, any, any, any, any, Padding, true, B>;
  static OperationPtr conv2d(const io::LayerRecord& record, std::size_t width) {
    if (io::text_option(record, "padding", {}) == "same")
      return make<DynamicConv2D<FeaturePadding::same>>(record, width);
    return make<DynamicConv2D<FeaturePadding::valid>>(record, width);
  }
  template <FeaturePadding Padding>
  using DynamicDepthwiseConv2D = DepthwiseConv2D<any, any, any, any, any, any, Padding, B>;
  static OperationPtr depthwise_conv2d(const io::LayerRecord& record, std::size_t width) {
    if (io::text_option(record, "padding", {}) == "same")
      return make<DynamicDepthwiseConv2D<FeaturePadding::same>>(record, width);
    return make<DynamicDepthwiseConv2D<FeaturePadding::valid>>(record, width);
  }
  static OperationPtr prelu(const io::LayerRecord& record, std::size_t width) {
    if (io::tensor_size(record, "alpha") == 1) return make<BasicPReLU<any, 1, B>>(record, width);
    return make<PReLU<any, B>>(record, width);
  }

  static OperationPtr affine(const io::LayerRecord& record, std::size_t width) {
    if (io::tensor_size(record, "scale") == 1) return make<SharedAffine<any, B>>(record, width);
    return make<Affine<any, B>>(record, width);
  }
  static OperationPtr rational(const io::LayerRecord& record, std::size_t width) {
    if (io::tensor_size(record, "denominator") == io::number_option(record, "denominator_degree", 0))
      return make<BasicRational<any, 1, any, any, AnyRational, B>>(record, width);
    return make<BasicRational<any, any, any, any, AnyRational, B>>(record, width);
  }
  static OperationPtr snake(const io::LayerRecord& record, std::size_t width) {
    if (io::tensor_size(record, "beta") > 0) return make<SnakeBeta<any, B>>(record, width);
    return make<Snake<any, B>>(record, width);
  }

  struct Row {
    std::string_view type;
    OperationPtr (*make)(const io::LayerRecord&, std::size_t);
  };
  static constexpr Row rows[] = {
      {"dense", make<PanelDense<B>>},
      {"conv1d", conv1d},
      {"conv2d", conv2d},
      {"depthwise_conv2d", depthwise_conv2d},
      {"conv_transpose1d", make<ConvTranspose1D<any, any, any, any, B>>},
      {"max_pool1d", make<MaxPool1D<any, any, any, B>>},
      {"avg_pool1d", make<AvgPool1D<any, any, any, B>>},
      {"lstm", make<InitialState<BasicLSTM<any, any, AnyGate, B>>>},
      {"projected_lstm", make<InitialState<BasicProjectedLSTM<any, any, any, AnyGate, B>>>},
      {"gru", gru},
      {"rnn", make<InitialState<BasicRNN<any, any, AnyRNNActivation, B>>>},
      {"min_gru", make<InitialState<BasicMinGRU<any, any, AnyCandidate, B>>>},
      {"upsample_nearest", make<UpsampleNearest<any, any, B>>},
      {"upsample_linear", make<UpsampleLinear<any, any, B>>},
      {"s4d", make<S4D<any, any, B>>},
      {"lru", make<LRU<any, any, any, B>>},
      {"s6", make<S6<any, any, any, B>>},
      {"delay", make<Delay<any, any, B>>},
      {"silent_until", make<SilentUntil<any, any, any, B>>},
      {"periodic_gain", make<PeriodicGain<any, any, B>>},
      {"biquad", make<Biquad<any, any, B>>},
      {"one_pole", make<OnePole<any, B>>},
      {"parametric_equalizer", make<ParametricEqualizer<any, any, any, B>>},
      {"gain_computer", make<GainComputer<any, B>>},
      {"amplitude_to_db", make<AmplitudeToDB<any, B>>},
      {"db_to_amplitude", make<DBToAmplitude<any, B>>},
      {"table_shaper", make<BasicTableShaper<any, any, AnyInterpolation, B>>},
      {"batchnorm1d", make<BatchNorm1D<any, B>>},
      {"batchnorm2d", make<BatchNorm2D<any, any, B>>},
      {"layer_norm", make<LayerNorm<any, B>>},
      {"rms_norm", make<RMSNorm<any, B>>},
      {"group_norm", make<GroupNorm<any, any, B>>},
      {"cumulative_norm", make<CumulativeNorm<any, B>>},
      {"gather", make<Gather<any, any, B>>},
      {"rfft", make<RFFT<any, B>>},
      {"irfft", make<IRFFT<any, B>>},
      {"complex_product", make<ComplexProduct<any, B>>},
      {"magnitude", make<Magnitude<any, B>>},
      {"softmax", make<Softmax<any, B>>},
      {"prelu", prelu},
      {"snake", snake},
      {"rational", rational},
      {"affine", affine},
      {"tanh", make<Tanh<any, B>>},
      {"sigmoid", make<Sigmoid<any, B>>},
      {"hard_sigmoid", make<HardSigmoid<any, B>>},
      {"hard_sigmoid_keras2", make<HardSigmoidKeras2<any, B>>},
      {"relu", make<ReLU<any, B>>},
      {"leaky_relu", make<LeakyReLU<any, B>>},
      {"elu", make<ELU<any, B>>},
      {"selu", make<SELU<any, B>>},
      {"mish", make<Mish<any, B>>},
      {"sine", make<Sine<any, B>>},
      {"softplus", make<Softplus<any, B>>},
      {"silu", make<SiLU<any, B>>},
      {"gelu", make<GELU<any, B>>},
      {"gelu_tanh", make<TanhGELU<any, B>>},
      {"hardtanh", make<Hardtanh<any, B>>},
      {"leaky_hardtanh", make<LeakyHardtanh<any, B>>},
      {"hardswish", make<HardSwish<any, B>>},
      {"softsign", make<Softsign<any, B>>},
      {"fast_tanh", make<FastTanh<any, B>>},
      {"scale", make<Scale<any, B>>},
      {"abs", make<Abs<any, B>>},
      {"exp", make<Exp<any, B>>},
      {"sqrt", make<Sqrt<any, B>>},
      {"square", make<Square<any, B>>},
  };

 public:
  /// Makes the layer of a record for `width` input channels. Returns null if the type is unknown. Throws load_error.
  static OperationPtr find(const io::LayerRecord& record, std::size_t width) {
    const std::string_view type = io::type_of(record);
    for (const Row& row : rows)
      if (row.type == type) return row.make(record, width);
    return nullptr;
  }
};

}  // namespace inlay::INLAY_ISA::kernels

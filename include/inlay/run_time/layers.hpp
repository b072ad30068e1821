/// The layers of a file, by the name of their type, with dynamic sizes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/engine.hpp"
#include "inlay/io/fill.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/panel_conv1d.hpp"
#include "inlay/run_time/panel_dense.hpp"
#include "inlay/run_time/record.hpp"

namespace inlay::INLAY_ISA::run_time {

/// A layer that was read from a file.
template <class B>
struct Made {
  std::unique_ptr<Operation<B>> operation;
  std::size_t out;          ///< channels
  std::size_t reach = 0;    ///< frames that it looks back, or `unbounded`
  std::size_t latency = 0;  ///< in frames
  Rate rate{};
  double bound = 0;  ///< the error that its mathematics states
};

/// Makes layers of backend B from their records. Throws load_error.
template <class B>
class LayerMaker {
  using T = typename B::scalar;
  using Make = Made<B> (*)(const io::LayerRecord&, const std::string& number, std::size_t in);
  static constexpr std::size_t any = dynamic;

  /// `in` is the width of what comes before.
  template <class L>
  static Made<B> make(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    auto operation = std::make_unique<LayerOperation<L, B>>();
    io::Fill fill(record, number, in);
    operation->layer.visit(fill);
    fill.finish();
    inlay::detail::prepare(operation->layer);
    Made<B> made{std::move(operation), option(record, "out", in)};
    if (L::receptive_field == unbounded) made.reach = unbounded;
    made.bound = io::policy_bound<L>();
    return made;
  }

  /// The value of an option that chooses the type, where there is one of that kind.
  template <class V>
  static V option(const io::LayerRecord& record, std::string_view name, V otherwise) {
    const V* value = value_of<V>(record, name);
    return value ? *value : otherwise;
  }

  /// Calls `f.template operator()<Gate>()` with the gate that the record names; `Fill` complains of another.
  template <class F>
  static Made<B> with_gate(const io::LayerRecord& record, F&& f) {
    const auto name = option(record, "recurrent_activation", std::string());
    if (name == HardSigmoidGate::name) return f.template operator()<HardSigmoidGate>();
    if (name == HardSigmoidKeras2Gate::name) return f.template operator()<HardSigmoidKeras2Gate>();
    return f.template operator()<SigmoidGate>();
  }
  static Made<B> lstm(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    return with_gate(record, [&]<class Gate> { return make<BasicLSTM<any, any, Gate, B>>(record, number, in); });
  }
  static Made<B> gru(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    return with_gate(record, [&]<class Gate> {
      if (option(record, "reset_after", true)) return make<BasicGRU<any, any, true, Gate, B>>(record, number, in);
      return make<BasicGRU<any, any, false, Gate, B>>(record, number, in);
    });
  }
  static Made<B> rnn(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    if (option(record, "activation", std::string()) == ReLUActivation::name)
      return make<ReLURNN<any, any, B>>(record, number, in);
    return make<RNN<any, any, B>>(record, number, in);
  }
  static Made<B> conv1d(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    const std::size_t groups = option(record, "groups", std::size_t{1}), out = positive(record, "out");
    if (groups == 0 || in % groups != 0 || out % groups != 0)
      throw load_error(place_of(record, "groups"), "a divisor of both numbers of channels", std::to_string(groups));
    const std::size_t reach = past(record, "kernel_size", in);
    Made<B> made = make<PanelConv1D<B>>(record, number, in);
    made.reach = reach;
    made.rate = {option(record, "stride", std::size_t{1}), 1};
    return made;
  }
  static Made<B> conv_transpose1d(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    const std::size_t kernel = positive(record, "kernel_size"), stride = positive(record, "stride");
    expect_past(record, "kernel_size", kernel, in);
    expect_past(record, "stride", stride, positive(record, "out"));
    Made<B> made = make<ConvTranspose1D<any, any, any, any, B>>(record, number, in);
    made.reach = (kernel - 1) / stride;
    made.rate = {1, stride};
    return made;
  }
  template <FeaturePadding Padding>
  using OpenConv2D = BasicConv2D<any, any, any, any, any, any, any, Padding, true, B>;
  static Made<B> conv2d(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    const std::size_t channels = in / features(record, in), kernel = positive(record, "kernel_size_features");
    expect_past(record, "kernel_size_features", kernel, in);
    const std::size_t reach = past(record, "kernel_size_time", in);
    const bool same = option(record, "padding", std::string()) == "same";
    const auto axis = inlay::detail::feature_axis(in / channels, kernel, positive(record, "stride"), same);
    if (axis.positions == 0)
      throw load_error(place_of(record, "kernel_size_features"), "no more than the features", std::to_string(kernel));
    Made<B> made = same ? make<OpenConv2D<FeaturePadding::same>>(record, number, channels)
                        : make<OpenConv2D<FeaturePadding::valid>>(record, number, channels);
    made.out *= axis.positions;
    made.reach = reach;
    return made;
  }
  static Made<B> batchnorm2d(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    Made<B> made = make<BatchNorm2D<any, any, B>>(record, number, in / features(record, in));
    made.out = in;
    return made;
  }
  static std::size_t features(const io::LayerRecord& record, std::size_t in) {
    const std::size_t features = positive(record, "features");
    if (in % features == 0) return features;
    throw load_error(place_of(record, "features"),
                     io::concat({"a divisor of ", std::to_string(in), ", the channels that come in"}),
                     std::to_string(features));
  }
  /// Frames that a convolution with a `dilation` looks back.
  static std::size_t past(const io::LayerRecord& record, std::string_view kernel_size, std::size_t in) {
    const std::size_t kernel = positive(record, kernel_size), dilation = positive(record, "dilation");
    expect_past(record, kernel_size, kernel, in);
    expect_past(record, "dilation", dilation, (kernel - 1) * in);
    return (kernel - 1) * dilation;
  }
  template <class Pool>
  static Made<B> pool1d(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    const std::size_t kernel = positive(record, "kernel_size");
    expect_past(record, "kernel_size", kernel, in);
    Made<B> made = make<Pool>(record, number, in);
    made.reach = kernel - 1;
    made.rate = {positive(record, "stride"), 1};
    return made;
  }
  static Made<B> delay(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    const std::size_t frames = option(record, "frames", std::size_t{1});
    expect_past(record, "frames", frames, in);
    Made<B> made = make<Delay<any, any, B>>(record, number, in);
    made.reach = made.latency = frames;
    return made;
  }
  static Made<B> prelu(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    const auto alpha = record.tensors.find("alpha");
    const bool one = alpha != record.tensors.end() && alpha->second.values.size() == 1;
    if (one) return make<BasicPReLU<any, 1, B>>(record, number, in);
    return make<PReLU<any, B>>(record, number, in);
  }

 public:
  /// Null where there is no such type.
  static Make find(std::string_view type) {
    static const std::map<std::string_view, Make> makers{
        {"dense", make<PanelDense<B>>},
        {"conv1d", conv1d},
        {"conv2d", conv2d},
        {"conv_transpose1d", conv_transpose1d},
        {"max_pool1d", pool1d<MaxPool1D<any, any, any, B>>},
        {"avg_pool1d", pool1d<AvgPool1D<any, any, any, B>>},
        {"lstm", lstm},
        {"gru", gru},
        {"rnn", rnn},
        {"delay", delay},
        {"batchnorm1d", make<BatchNorm1D<any, B>>},
        {"batchnorm2d", batchnorm2d},
        {"softmax", make<Softmax<any, B>>},
        {"prelu", prelu},
        {"snake", make<Snake<any, B>>},
        {"tanh", make<Tanh<any, B>>},
        {"sigmoid", make<Sigmoid<any, B>>},
        {"hard_sigmoid", make<HardSigmoid<any, B>>},
        {"hard_sigmoid_keras2", make<HardSigmoidKeras2<any, B>>},
        {"relu", make<ReLU<any, B>>},
        {"leaky_relu", make<LeakyReLU<any, B>>},
        {"elu", make<ELU<any, B>>},
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
    };
    const auto found = makers.find(type);
    return found == makers.end() ? nullptr : found->second;
  }
};

}  // namespace inlay::INLAY_ISA::run_time

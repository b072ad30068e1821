/// RTNeural's json_parser: layers of run-time sizes, and models of them, from files. Included by rtneural.hpp.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "inlay/compat/rtneural_activations.hpp"
#include "inlay/compat/rtneural_batchnorm.hpp"
#include "inlay/compat/rtneural_conv1d.hpp"
#include "inlay/compat/rtneural_conv2d.hpp"
#include "inlay/compat/rtneural_dense.hpp"
#include "inlay/compat/rtneural_json.hpp"
#include "inlay/compat/rtneural_model.hpp"
#include "inlay/compat/rtneural_recurrent.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/read_model.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

namespace detail {

/// The layer of a record, by RTNeural's name; null for one that RTNeural does not have.
template <class T, class Maths>
std::unique_ptr<Layer<T>> make_layer(const io::LayerRecord& record) {
  const auto filled = [&](auto layer) -> std::unique_ptr<Layer<T>> {
    layer->take(record);
    return layer;
  };
  const auto number = [&](const char* name) { return static_cast<int>(io::number_of(record, name)); };
  const std::string type(io::type_of(record));
  if (type == "dense") return filled(std::make_unique<Dense<T>>(number("in"), number("out")));
  if (type == "conv1d")
    return filled(std::make_unique<Conv1D<T>>(number("in"), number("out"), number("kernel_size"), number("dilation"),
                                              number("groups")));
  if (type == "conv2d")
    return filled(std::make_unique<Conv2D<T>>(
        number("in"), number("out"), number("features"), number("kernel_size_time"), number("kernel_size_features"),
        number("dilation"), number("stride"), io::text_option(record, "padding", "valid") == "valid"));
  if (type == "lstm") return filled(std::make_unique<LSTMLayer<T, Maths>>(number("in"), number("out")));
  if (type == "gru") return filled(std::make_unique<GRULayer<T, Maths>>(number("in"), number("out")));
  if (type == "batchnorm1d") return filled(std::make_unique<BatchNorm1DLayer<T>>(number("size")));
  if (type == "batchnorm2d")
    return filled(std::make_unique<BatchNorm2DLayer<T>>(number("channels"), number("features")));
  if (type == "tanh") return filled(std::make_unique<TanhActivation<T, Maths>>(number("size")));
  if (type == "relu") return filled(std::make_unique<ReLuActivation<T>>(number("size")));
  if (type == "sigmoid") return filled(std::make_unique<SigmoidActivation<T, Maths>>(number("size")));
  if (type == "softmax") return filled(std::make_unique<SoftmaxActivation<T, Maths>>(number("size")));
  if (type == "elu") return filled(std::make_unique<ELuActivation<T, Maths>>(number("size")));
  if (type == "prelu") {
    auto prelu = std::make_unique<PReLUActivation<T>>(number("size"));
    const auto& alpha = record.tensors.at("alpha").values;
    prelu->setAlphaVals(std::vector<T>(alpha.begin(), alpha.end()));
    return prelu;
  }
  return nullptr;
}

}  // namespace detail

namespace json_parser {

template <typename T>
std::unique_ptr<Dense<T>> createDense(int in_size, int out_size, const nlohmann::json& weights) {
  auto dense = std::make_unique<Dense<T>>(in_size, out_size);
  loadDense<T>(*dense, weights);
  return dense;
}
template <typename T>
std::unique_ptr<Conv1D<T>> createConv1D(int in_size, int out_size, int kernel_size, int dilation, int groups,
                                        const nlohmann::json& weights) {
  auto conv = std::make_unique<Conv1D<T>>(in_size, out_size, kernel_size, dilation, groups);
  loadConv1D<T>(*conv, kernel_size, dilation, weights);
  return conv;
}
template <typename T>
std::unique_ptr<Conv2D<T>> createConv2D(int num_filters_in, int num_features_in, int num_filters_out,
                                        int kernel_size_time, int kernel_size_feature, int dilation, int stride,
                                        bool valid_pad, const nlohmann::json& weights) {
  auto conv = std::make_unique<Conv2D<T>>(num_filters_in, num_filters_out, num_features_in, kernel_size_time,
                                          kernel_size_feature, dilation, stride, valid_pad);
  loadConv2D<T>(*conv, weights);
  return conv;
}
template <typename T, typename MathsProvider = DefaultMathsProvider>
std::unique_ptr<GRULayer<T, MathsProvider>> createGRU(int in_size, int out_size, const nlohmann::json& weights) {
  auto gru = std::make_unique<GRULayer<T, MathsProvider>>(in_size, out_size);
  loadGRU<T>(*gru, weights);
  return gru;
}
template <typename T, typename MathsProvider = DefaultMathsProvider>
std::unique_ptr<LSTMLayer<T, MathsProvider>> createLSTM(int in_size, int out_size, const nlohmann::json& weights) {
  auto lstm = std::make_unique<LSTMLayer<T, MathsProvider>>(in_size, out_size);
  loadLSTM<T>(*lstm, weights);
  return lstm;
}
template <typename T>
std::unique_ptr<PReLUActivation<T>> createPReLU(int in_size, const nlohmann::json& weights) {
  auto prelu = std::make_unique<PReLUActivation<T>>(in_size);
  loadPReLU<T>(*prelu, weights);
  return prelu;
}
template <typename T>
std::unique_ptr<BatchNorm1DLayer<T>> createBatchNorm(int size, const nlohmann::json& weights, T epsilon) {
  auto batch_norm = std::make_unique<BatchNorm1DLayer<T>>(size);
  loadBatchNorm<T>(*batch_norm, weights, weights.size() == 4);
  batch_norm->setEpsilon(epsilon);
  return batch_norm;
}
template <typename T>
std::unique_ptr<BatchNorm2DLayer<T>> createBatchNorm2D(int num_filters_in, int num_features_in,
                                                       const nlohmann::json& weights, T epsilon) {
  auto batch_norm = std::make_unique<BatchNorm2DLayer<T>>(num_filters_in, num_features_in);
  loadBatchNorm<T>(*batch_norm, weights, weights.size() == 4);
  batch_norm->setEpsilon(epsilon);
  return batch_norm;
}
/// Null for an activation that RTNeural does not have.
template <typename T, typename MathsProvider = DefaultMathsProvider>
std::unique_ptr<Activation<T>> createActivation(const std::string& activationType, int dims) {
  if (activationType == "tanh") return std::make_unique<TanhActivation<T, MathsProvider>>(dims);
  if (activationType == "relu") return std::make_unique<ReLuActivation<T>>(dims);
  if (activationType == "sigmoid") return std::make_unique<SigmoidActivation<T, MathsProvider>>(dims);
  if (activationType == "softmax") return std::make_unique<SoftmaxActivation<T, MathsProvider>>(dims);
  if (activationType == "elu") return std::make_unique<ELuActivation<T, MathsProvider>>(dims);
  return nullptr;
}

/// The network of a file of any format that inlay reads, JSON or a stream. Throws inlay::load_error, also for what
/// RTNeural's would skip. Nothing is printed: what RTNeural says in debug mode is in the error.
template <typename T, typename MathsProvider = DefaultMathsProvider, typename Source>
std::unique_ptr<Model<T>> parseJson(Source&& source, bool /*debug*/ = false) {
  if constexpr (requires { source.good(); })
    if (!source) throw load_error("file", "a readable file", "none");
  const io::ModelFile file = io::read_model_of(source);
  auto model = inlay::Model<T>::of(file);
  if (!model.one_to_one() || model.condition_size() > 0)
    throw load_error("file", "a network without side channels that gives a frame for each", "another");
  std::vector<std::unique_ptr<Layer<T>>> layers;
  for (const io::LayerRecord& record : file.chain.layers) {
    layers.push_back(detail::make_layer<T, MathsProvider>(record));
    if (layers.back()) continue;
    layers.clear();
    break;
  }
  return std::make_unique<Model<T>>(std::move(model), std::move(layers));
}

}  // namespace json_parser
}  // namespace inlay::INLAY_ISA::compat::rtneural

// RTNeural's names: parseJson of a model type, of a model of run-time sizes, and json_parser's functions for single
// layers. A file is read, or refused with load_error.
#include <cstddef>
#include <cstdint>
#include <inlay/compat/rtneural.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "fuzz/signal.hpp"

namespace {

using nlohmann::json;
using T = float;
using Amp = RTNeural::ModelT<T, 1, 1, RTNeural::LSTMLayerT<T, 1, 2>, RTNeural::DenseT<T, 2, 1>>;

void attempt(auto&& load) {
  try {
    load();
  } catch (const inlay::load_error& error) {
    fuzz::require(!error.place().empty());
  }
}

float output(Amp& model) {
  model.reset();
  float sum = 0;
  for (int i = 0; i < 20; ++i) {
    const float x = 0.1f * static_cast<float>(i);
    sum += model.forward(&x);
  }
  return sum;
}

/// The weights of every layer of a file, for layers of fixed sizes of their own.
void load_layers(const json& document) {
  if (!document.is_object() || !document.contains("layers")) return;
  RTNeural::Dense<T> dense(1, 2);
  RTNeural::Conv1D<T> conv(2, 2, 2, 2, 1);
  RTNeural::LSTMLayer<T> lstm(2, 2);
  RTNeural::GRULayer<T> gru(2, 2);
  RTNeural::BatchNorm1DLayer<T> norm(2);
  RTNeural::PReLUActivation<T> prelu(2);
  for (const json& layer : document["layers"]) {
    if (!layer.is_object() || !layer.contains("weights")) continue;
    const json& weights = layer["weights"];
    attempt([&] { RTNeural::json_parser::loadDense<T>(dense, weights); });
    attempt([&] { RTNeural::json_parser::loadConv1D<T>(conv, 2, 2, weights); });
    attempt([&] { RTNeural::json_parser::loadLSTM<T>(lstm, weights); });
    attempt([&] { RTNeural::json_parser::loadGRU<T>(gru, weights); });
    attempt([&] { RTNeural::json_parser::loadBatchNorm<T>(norm, weights, weights.size() == 4); });
    attempt([&] { RTNeural::json_parser::loadPReLU<T>(prelu, weights); });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const json document = json::parse(data, data + size, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return 0;
  static const auto amp = std::make_unique<Amp>();
  const float before = output(*amp);
  try {
    amp->parseJson(document);
  } catch (const inlay::load_error&) {
    fuzz::require(fuzz::same(before, output(*amp)));
  }
  attempt([&] {
    const auto model = RTNeural::json_parser::parseJson<T>(document);
    if (model->getInSize() > 64 || model->getNextInSize() > 64) return;
    std::vector<T> x(64, 0.5f);
    for (int i = 0; i < 10; ++i) model->forward(x.data());
  });
  load_layers(document);
  return 0;
}

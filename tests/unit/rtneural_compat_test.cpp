// Code for RTNeural, against outputs of PyTorch and Keras.
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <inlay/compat/rtneural.hpp>
#include <limits>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <inlay/run_time.hpp>
#include "support/golden.hpp"
#include "support/refusal.hpp"
#include "support/rtneural_rows.hpp"

namespace {

template <class T>
std::string golden_file(const std::string& name, const std::string& folder = "torch") {
  return test_file("golden/" + folder + "/" + name + (std::is_same_v<T, float> ? ".f32.json" : ".f64.json"));
}

/// {"shape", "data"} as nested arrays.
json nested(const json& tensor) {
  const auto& shape = tensor.at("shape");
  const auto& data = tensor.at("data");
  const auto build = [&](auto& self, std::size_t axis, std::size_t first, std::size_t count) -> json {
    if (axis == shape.size()) return data.at(first);
    json rows = json::array();
    const auto extent = shape.at(axis).get<std::size_t>();
    for (std::size_t i = 0; i < extent; ++i)
      rows.push_back(self(self, axis + 1, first + i * (count / extent), count / extent));
    return rows;
  };
  return build(build, 0, 0, data.size());
}

/// Converts an inlay file to the format of RTNeural's Keras script.
json as_rtneural(const json& file) {
  const json& inlay_layers = file.at("layers");
  const bool plane = inlay_layers[0].contains("features");
  json out{{"in_shape", {nullptr, nullptr, file.at("check").at("input").at("shape")[1]}}};
  if (plane) out["in_shape"] = {nullptr, nullptr, inlay_layers[0]["features"], inlay_layers[0]["in"]};
  for (const json& layer : inlay_layers) {
    const std::string type = layer.at("type");
    const json size = layer.value("out", layer.value("size", json()));
    json written{{"type", type}, {"activation", ""}, {"shape", {nullptr, nullptr, size}}, {"weights", json::array()}};
    for (const char* name : {"kernel", "recurrent_kernel", "gamma", "beta", "mean", "variance", "bias"})
      if (layer.contains(name)) written["weights"].push_back(nested(layer[name]));
    if (type == "conv1d") {
      written["kernel_size"] = json::array({layer["kernel_size"]});
      written["dilation"] = json::array({layer["dilation"]});
      written["groups"] = layer["groups"];
    } else if (type == "conv2d") {
      const int features = layer["features"], kernel = layer["kernel_size_features"], stride = layer["stride"];
      const int positions =
          layer["padding"] == "same" ? (features + stride - 1) / stride : (features - kernel) / stride + 1;
      written["kernel_size_time"] = layer["kernel_size_time"];
      written["kernel_size_feature"] = kernel;
      written["dilation"] = layer["dilation"];
      written["strides"] = stride;
      written["num_filters_in"] = layer["in"];
      written["num_features_in"] = features;
      written["num_filters_out"] = size;
      written["padding"] = layer["padding"];
      written["shape"] = {nullptr, nullptr, positions, size};
    } else if (type == "batchnorm1d") {
      written["type"] = "batchnorm";
      written["epsilon"] = layer["epsilon"];
    } else if (type == "batchnorm2d") {
      written["epsilon"] = layer["epsilon"];
      written["num_filters_in"] = layer["channels"];
      written["num_features_in"] = layer["features"];
      written["shape"] = {nullptr, nullptr, layer["features"], layer["channels"]};
    } else if (type == "prelu") {
      written["weights"].push_back(json::array({nested(layer["alpha"])}));
    } else if (type == "tanh" || type == "relu" || type == "sigmoid" || type == "softmax" || type == "elu") {
      json& before = out["layers"].back();
      const std::string layer_before = before["type"];
      if (before["activation"] == "" && (layer_before == "dense" || layer_before == "conv1d" ||
                                         layer_before == "conv2d" || layer_before == "batchnorm2d")) {
        before["activation"] = type;
        continue;
      }
      written["type"] = "activation";
      written["activation"] = type;
    }
    out["layers"].push_back(written);
  }
  return out;
}

/// Compares with a file's check, with RTNeural's calls.
template <class T, class Model>
void expect_check(Model& model, const std::string& file) {
  const json check = read_json(file).at("check");
  expect_rows<T>(model, nested(check["input"]).get<Rows<T>>(), nested(check["output"]).get<Rows<T>>(),
                 std::is_same_v<T, float> ? stack : 1e-12);
}

/// Fills a layer with RTNeural's setters from a layer of an inlay file.
template <class T, class Layer>
void set_layer(Layer& layer, const json& from) {
  const auto vector = [&](const char* name) { return nested(from.at(name)).template get<std::vector<T>>(); };
  const auto matrix = [&](const char* name) { return nested(from.at(name)).template get<Rows<T>>(); };
  const auto in = std::size_t(Layer::in_size), out = std::size_t(Layer::out_size);
  if constexpr (requires { layer.setWVals(Rows<T>{}); }) {
    layer.setWVals(matrix("kernel"));
    layer.setUVals(matrix("recurrent_kernel"));
    if constexpr (requires { layer.setBVals(Rows<T>{}); }) layer.setBVals(matrix("bias"));
    else layer.setBVals(vector("bias"));
  } else if constexpr (requires { Layer::dense_has_bias; }) {
    const Rows<T> kernel = matrix("kernel");
    Rows<T> weights(out, std::vector<T>(in));
    for (std::size_t o = 0; o < out; ++o)
      for (std::size_t i = 0; i < in; ++i) weights[o][i] = kernel[i][o];
    layer.setWeights(weights);
    if constexpr (Layer::dense_has_bias) layer.setBias(vector("bias").data());
  } else if constexpr (requires { layer.getKernelSize(); }) {
    const auto kernel = nested(from.at("kernel")).template get<std::vector<Rows<T>>>();
    std::vector<Rows<T>> weights(out, Rows<T>(kernel[0].size(), std::vector<T>(kernel.size())));
    for (std::size_t o = 0; o < out; ++o)
      for (std::size_t i = 0; i < kernel[0].size(); ++i)
        for (std::size_t k = 0; k < kernel.size(); ++k) weights[o][i][k] = kernel[kernel.size() - 1 - k][i][o];
    layer.setWeights(weights);
    layer.setBias(vector("bias"));
  } else if constexpr (requires { layer.setWeights(std::vector<std::vector<Rows<T>>>{}); }) {
    const auto kernel = nested(from.at("kernel")).template get<std::vector<std::vector<Rows<T>>>>();
    std::vector<std::vector<Rows<T>>> weights;
    for (const auto& time : kernel) {
      std::vector<Rows<T>> filters(time[0][0].size(), Rows<T>(time[0].size(), std::vector<T>(time.size())));
      for (std::size_t f = 0; f < time.size(); ++f)
        for (std::size_t i = 0; i < time[f].size(); ++i)
          for (std::size_t o = 0; o < time[f][i].size(); ++o) filters[o][i][f] = time[f][i][o];
      weights.push_back(filters);
    }
    layer.setWeights(weights);
    layer.setBias(vector("bias"));
  } else if constexpr (requires { Layer::is_affine; }) {
    layer.setEpsilon(from.at("epsilon").get<T>());
    if constexpr (Layer::is_affine) {
      layer.setGamma(vector("gamma"));
      layer.setBeta(vector("beta"));
    }
    layer.setRunningMean(vector("mean"));
    layer.setRunningVariance(vector("variance"));
  } else if constexpr (requires { layer.setAlphaVals(std::vector<T>{}); }) {
    layer.setAlphaVals(vector("alpha"));
  }
}

template <class Model, class T>
void set_layers(Model& model, const json& layers) {
  Model::for_each([&](auto i) { set_layer<T>(model.template get<int(i)>(), layers.at(i)); });
}

/// Fills a model with the weights of a golden file by RTNeural's setters, and by parsing the file as RTNeural's.
template <class T, class Model>
void compare(const std::string& name) {
  const std::string file = golden_file<T>(name);
  const auto parsed = std::make_unique<Model>(), set = std::make_unique<Model>();
  ASSERT_NO_THROW(parsed->parseJson(as_rtneural(read_json(file)), true)) << name;
  expect_check<T>(*parsed, file);
  set_layers<Model, T>(*set, read_json(file).at("layers"));
  expect_check<T>(*set, file);
}

template <class T>
class RtneuralCompat : public ::testing::Test {};
#ifdef INLAY_TEST_MANY_BACKENDS
using Scalars = ::testing::Types<float, double>;
#else
using Scalars = ::testing::Types<float>;
#endif
TYPED_TEST_SUITE(RtneuralCompat, Scalars);

template <class T>
using Amp = RTNeural::ModelT<T, 1, 1, RTNeural::LSTMLayerT<T, 1, 20>, RTNeural::DenseT<T, 20, 1>>;

using Planes = RTNeural::ModelT2D<float, 2, 9, 2, 1, RTNeural::Conv2DT<float, 2, 5, 9, 3, 3, 1, 1, true>,
                                  RTNeural::BatchNorm2DT<float, 5, 7>, RTNeural::ReLuActivationT<float, 5 * 7>,
                                  RTNeural::Conv2DT<float, 5, 3, 7, 2, 3, 2, 2, false>, RTNeural::DenseT<float, 12, 2>>;

}  // namespace

// A typical plug-in.
namespace plugin {

class NeuralAmp {
 public:
  void loadModel(const std::string& path) {
    std::ifstream jsonStream(path, std::ifstream::binary);
    nlohmann::json modelJson;
    jsonStream >> modelJson;
    model.parseJson(modelJson, true);
    model.reset();
  }
  void prepareToPlay() { model.reset(); }
  void processBlock(float* buffer, int numSamples) {
    for (int n = 0; n < numSamples; ++n) {
      alignas(RTNEURAL_DEFAULT_ALIGNMENT) float input[] = {buffer[n]};
      buffer[n] = model.forward(input);
    }
  }

 private:
  RTNeural::ModelT<float, 1, 1, RTNeural::LSTMLayerT<float, 1, 20>, RTNeural::DenseT<float, 20, 1>> model;
};

}  // namespace plugin

TEST(RtneuralPlugin, plays_what_PyTorch_played) {
  const std::string golden = golden_file<float>("lstm20_dense");
  const std::string path = ::testing::TempDir() + "rtneural_plugin.json";
  std::ofstream(path) << as_rtneural(read_json(golden)).dump();
  const auto amp = std::make_unique<plugin::NeuralAmp>();
  amp->loadModel(path);
  amp->prepareToPlay();
  const json check = read_json(golden).at("check");
  auto buffer = check.at("input").at("data").get<std::vector<float>>();
  amp->processBlock(buffer.data(), static_cast<int>(buffer.size()));
  for (std::size_t t = 0; t < buffer.size(); ++t)
    ASSERT_NEAR(buffer[t], check.at("output").at("data").at(t).get<float>(), 1e-5);

  std::ifstream stream(path, std::ifstream::binary);  // the other overload
  const auto model = std::make_unique<Amp<float>>();
  model->parseJson(stream);
  const auto state = std::make_unique<Amp<float>::State>();
  expect_golden(inlay::io::runnable(*model, *state), 2, read_check(golden), stack);  // in every way of running a model
}

// Recurrent layers take longest to compile: one scalar type here, the other at other sample rates.
TEST(RtneuralCompatModels, recurrent) {
  using T = float;
  compare<T, Amp<T>>("lstm20_dense");
  compare<T, RTNeural::ModelT<T, 3, 5, RTNeural::GRULayerT<T, 3, 5>>>("gru_3_5");
}
TEST(RtneuralCompatModels, dense) {
  using namespace RTNeural;
  using T = float;
  compare<T, ModelT<T, 3, 4, DenseT<T, 3, 8>, TanhActivationT<T, 8>, DenseT<T, 8, 6>, ReLuActivationT<T, 6>,
                    DenseT<T, 6, 4>, ELuActivationT<T, 4>, SoftmaxActivationT<T, 4>>>("dense_mlp");
  compare<T, ModelT<T, 4, 4, DenseT<T, 4, 4, false>>>("dense_4_4_nobias");
}
TEST(RtneuralCompatModels, convolutions) {
  using namespace RTNeural;
  using T = float;
  compare<T, ModelT<T, 1, 2, Conv1DT<T, 1, 8, 3, 1, 1, true>, TanhActivationT<T, 8>, Conv1DT<T, 8, 8, 3, 4>,
                    PReLUActivationT<T, 8>, BatchNorm1DT<T, 8>, DenseT<T, 8, 2>>>("conv_stack");
  compare<T, ModelT<T, 6, 6, Conv1DT<T, 6, 6, 3, 4, 3>>>("conv1d_6_6_k3_d4_g3");
  compare<T, ModelT<T, 6, 6, PReLUActivationT<T, 6>>>("prelu_6_one");
  compare<T, ModelT<T, 6, 6, BatchNorm1DT<T, 6, false>>>("batchnorm1d_6_plain");
}
TEST(RtneuralCompatModels, two_dimensions) { compare<float, Planes>("conv2d_stack"); }

TYPED_TEST(RtneuralCompat, a_model_that_its_file_describes) {
  using T = TypeParam;
  for (const char* name : {"lstm20_dense", "gru_3_5", "dense_mlp", "dense_4_4_nobias", "conv_stack",
                           "conv1d_6_6_k3_d4_g3", "prelu_6_one", "batchnorm1d_6_plain", "conv2d_stack"}) {
    SCOPED_TRACE(name);
    const std::string file = golden_file<T>(name);
    const json document = as_rtneural(read_json(file));
    std::stringstream stream(document.dump());
    const std::unique_ptr<RTNeural::Model<T>> a = RTNeural::json_parser::parseJson<T>(document),
                                              b = RTNeural::json_parser::parseJson<T>(stream, true);
    EXPECT_EQ(a->getInSize(), int(a->in_size()));
    EXPECT_EQ(b->getOutSize(), int(b->out_size()));
    expect_check<T>(*a, file);
    expect_check<T>(*b, file);
  }
  std::ifstream missing(::testing::TempDir() + "there is no such file.json");
  expect_refusal([&] { RTNeural::json_parser::parseJson<T>(missing); }, "a readable file");
  expect_refusal(
      [&] { RTNeural::json_parser::parseJson<T>(read_json(test_file("golden/torch/conv1d_1_16_k12_s12.f32.json"))); },
      "gives a frame for each");
}

TYPED_TEST(RtneuralCompat, a_stateless_convolution) {
  using T = TypeParam;
  const std::string file = golden_file<T>("conv2d_3_5_f7_k1x3_nobias");
  const auto kernel = nested(read_json(file)["layers"][0]["kernel"]).get<std::vector<std::vector<Rows<T>>>>()[0];
  std::vector<Rows<T>> weights(5, Rows<T>(3, std::vector<T>(3)));  // [out][in][kernel]
  for (std::size_t f = 0; f < 3; ++f)
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t o = 0; o < 5; ++o) weights[o][i][f] = kernel[f][i][o];
  RTNeural::ModelT<T, 21, 25, RTNeural::Conv1DStatelessT<T, 3, 7, 5, 3, 1, true>> model;
  model.template get<0>().setWeights(weights);
  expect_check<T>(model, file);
}

TYPED_TEST(RtneuralCompat, a_dense_layer_takes_pointers) {
  using T = TypeParam;
  RTNeural::ModelT<T, 2, 3, RTNeural::DenseT<T, 2, 3>> model;
  T first[]{1, 2}, second[]{3, 4}, third[]{5, 6}, bias[]{T(0.5), 0, -1}, in[]{10, 1};
  T* weights[]{first, second, third};
  model.template get<0>().setWeights(weights);
  model.template get<0>().setBias(bias);
  EXPECT_EQ(model.forward(in), T(12.5));
  EXPECT_EQ(model.getOutputs()[1], 34);
  EXPECT_EQ(model.getOutputs()[2], 55);
}

TEST(RtneuralTorch, state_dicts) {
  using T = float;
  using namespace RTNeural;
  const json goldens = read_json(test_file("golden/compat/torch_state_dict.json"));
  const auto expect = [&](auto& model, const char* name) {
    expect_rows<T>(model, goldens[name]["input"].get<Rows<T>>(), goldens[name]["output"].get<Rows<T>>(), 2e-6);
  };
  {
    const json& modelJson = goldens["lstm"]["state_dict"];
    ModelT<T, 2, 3, LSTMLayerT<T, 2, 5>, LSTMLayerT<T, 5, 5>, DenseT<T, 5, 3>> model;
    torch_helpers::loadLSTM<T>(modelJson, "lstm.", model.get<0>());
    torch_helpers::loadLSTM<T>(modelJson, "lstm.", model.get<1>(), true, 1);
    torch_helpers::loadDense<T>(modelJson, "dense.", model.get<2>());
    expect(model, "lstm");
  }
  {
    const json& modelJson = goldens["gru"]["state_dict"];
    ModelT<T, 2, 3, GRULayerT<T, 2, 5>, GRULayerT<T, 5, 5>, DenseT<T, 5, 3>> model;
    torch_helpers::loadGRU<T>(modelJson, "gru.", model.get<0>());
    torch_helpers::loadGRU<T>(modelJson, "gru.", model.get<1>(), true, 1);
    torch_helpers::loadDense<T>(modelJson, "dense.", model.get<2>(), false);
    expect(model, "gru");
    ModelT<T, 5, 3, DenseT<T, 5, 3, false>> dense;
    torch_helpers::loadDense(modelJson, "dense.", dense.get<0>());  // as in RTNeural's README
    std::vector<T> x{1, 2, 3, 4, 5};
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += double(x[i]) * modelJson["dense.weight"][0][i].get<double>();
    EXPECT_NEAR(dense.forward(x.data()), sum, 1e-5);
  }
  {
    const json& modelJson = goldens["no_bias"]["state_dict"];
    ModelT<T, 1, 3, LSTMLayerT<T, 1, 4>, GRULayerT<T, 4, 3>> model;
    torch_helpers::loadLSTM<T>(modelJson, "lstm.", model.get<0>(), false);
    torch_helpers::loadGRU<T>(modelJson, "gru.", model.get<1>(), false);
    expect(model, "no_bias");
  }
  {
    const json& modelJson = goldens["conv"]["state_dict"];
    ModelT<T, 3, 2, Conv1DT<T, 3, 6, 3, 2, 3>, TanhActivationT<T, 6>, Conv1DT<T, 6, 2, 4, 1>> model;
    torch_helpers::loadConv1D<T>(modelJson, "first.", model.get<0>());
    torch_helpers::loadConv1D<T>(modelJson, "second.", model.get<2>(), false);
    expect(model, "conv");
  }
  {
    const json& golden = goldens["conv_transpose"];
    ModelT<T, 2, 3, Conv1DT<T, 2, 3, 5, 3>> model;
    torch_helpers::loadConvTranspose1D<T>(golden["state_dict"], "up.", model.get<0>());
    Rows<T> stuffed(golden["output"].size(), std::vector<T>(2));  // a stride of 2: zeros between the frames
    for (std::size_t t = 0; t < golden["input"].size(); ++t) stuffed[2 * t] = golden["input"][t].get<std::vector<T>>();
    expect_rows<T>(model, stuffed, golden["output"].get<Rows<T>>(), 2e-6);
  }
}

TEST(RtneuralCompatModels, other_sample_rates) {
  using T = double;
  using namespace RTNeural;
  {
    ModelT<T, 1, 8, LSTMLayerT<T, 1, 8, SampleRateCorrectionMode::LinInterp>> model;
    const std::string file = golden_file<T>("lstm_1_8_at_176400_order_1", "rate_corrected");
    model.get<0>().prepare(176400.0 / 48000.0);  // before the weights are set, as RTNeural allows
    set_layers<decltype(model), T>(model, read_json(file)["layers"]);
    const json check = read_json(file)["check"];
    const auto in = nested(check["input"]).get<Rows<T>>(), out = nested(check["output"]).get<Rows<T>>();
    expect_rows<T>(model, in, out, 1e-12);
    model.parseJson(as_rtneural(read_json(file)));
    expect_rows<T>(model, in, out, 1e-12);
    EXPECT_THROW(model.get<0>().prepare(T(0.9)), std::invalid_argument);
    EXPECT_THROW(model.get<0>().prepare(T(16.1)), std::invalid_argument);
    EXPECT_THROW(model.get<0>().prepare(std::numeric_limits<T>::quiet_NaN()), std::invalid_argument);
    expect_rows<T>(model, in, out, 1e-12);
  }
  {
    ModelT<T, 3, 5, GRULayerT<T, 3, 5, SampleRateCorrectionMode::NoInterp>> model;
    const std::string file = golden_file<T>("gru_3_5_at_192000_order_0", "rate_corrected");
    const json check = read_json(file)["check"];
    model.parseJson(as_rtneural(read_json(file)));
    model.get<0>().prepare(4);
    expect_rows<T>(model, nested(check["input"]).get<Rows<T>>(), nested(check["output"]).get<Rows<T>>(), 1e-12);
  }
}

TEST(RtneuralNames, sizes_and_options) {
  using namespace RTNeural;
  using Model = ModelT<float, 2, 6, Conv1DT<float, 2, 6, 3, 4, 2>, TanhActivationT<float, 6>>;
  static_assert(Model::input_size == 2 && Model::output_size == 6);
  static_assert(std::is_same_v<decltype(Model::input_size), const int>);
  auto model = std::make_unique<Model>();
  auto& conv = model->get<0>();
  static_assert(std::is_same_v<decltype(conv.in_size), const int>);
  EXPECT_EQ(conv.in_size, 2);
  EXPECT_EQ(conv.out_size, 6);
  EXPECT_EQ(conv.getKernelSize(), 3);
  EXPECT_EQ(conv.getDilationRate(), 4);
  EXPECT_EQ(conv.getGroups(), 2);
  EXPECT_EQ(std::as_const(*model).get<1>().out_size, 6);
  static_assert(std::is_same_v<FastTanhT<float, 3>, TanhActivationT<float, 3>>);
}

TEST(RtneuralNames, an_elu_has_its_alpha_from_its_type) {
  using namespace RTNeural;
  ModelT<double, 1, 1, DenseT<double, 1, 1>, ELuActivationT<double, 1, 1, 4>> model;
  model.parseJson(json::parse(R"({"in_shape": [null, null, 1], "layers": [{"type": "dense", "activation": "elu",
    "shape": [null, null, 1], "weights": [[[1.0]], [0.0]]}]})"));
  const double x = -2;
  EXPECT_NEAR(model.forward(&x), 0.25 * std::expm1(x), 1e-15);
}

TEST(RtneuralNames, a_batch_normalisation_has_no_epsilon_of_its_own) {
  RTNeural::ModelT<double, 1, 1, RTNeural::BatchNorm1DT<double, 1>> model;
  model.get<0>().setRunningVariance({4});
  model.get<0>().setGamma({3});
  const double x = 2;
  EXPECT_EQ(model.forward(&x), 3);
}

TEST(RtneuralNames, a_slope_for_each_channel_of_a_feature) {
  RTNeural::ModelT<float, 4, 4, RTNeural::PReLUActivationT<float, 4>> model;
  model.get<0>().setAlphaVals({0.5f, 0.25f});
  const float x[]{-1, -1, -1, -1};
  EXPECT_EQ(model.forward(x), -0.5f);
  EXPECT_EQ(model.getOutputs()[3], -0.25f);
}

namespace {

using inlay::Gate;
using inlay::Sigmoid;
using inlay::Tanh;
using Gated = RTNeural::ModelT<float, 1, 1, RTNeural::DenseT<float, 1, 8>, Gate<Tanh<4>, Sigmoid<4>>,
                               inlay::Dense<4, 4>, RTNeural::DenseT<float, 4, 1>>;

json dense_json(int in, int out, float value, const char* activation = "") {
  return {{"type", "dense"},
          {"activation", activation},
          {"shape", {nullptr, nullptr, out}},
          {"weights",
           {Rows<float>(std::size_t(in), std::vector<float>(std::size_t(out), value)),
            std::vector<float>(std::size_t(out), value)}}};
}
json model_json(int in, const std::vector<json>& layers) {
  return {{"in_shape", {nullptr, nullptr, in}}, {"layers", layers}};
}

}  // namespace

TEST(RtneuralCustomLayers, are_left_as_they_are) {
  const json gate{{"type", "gated_activation"}, {"shape", {nullptr, nullptr, 4}}};
  const json mix{{"type", "mix"}, {"shape", {nullptr, nullptr, 4}}, {"anything", "at all"}};
  const json document = model_json(1, {dense_json(1, 8, 0.5f), gate, mix, dense_json(4, 1, 0.25f)});
  const auto model = std::make_unique<Gated>();
  ASSERT_TRUE(inlay::assign(model->get<2>(), "bias", {1.0f, 2.0f, 3.0f, 4.0f}));
  model->parseJson(document, true, {"gated_activation", "mix"});
  const float x = 1;
  EXPECT_NEAR(model->forward(&x), 0.25f * 10 + 0.25f, 1e-6f);
  expect_refusal([&] { model->parseJson(document, true, {"mix"}); }, "layers[1].type: expected dense");
  expect_refusal([&] { model->parseJson(document); }, "gated_activation");
}

TEST(RtneuralErrors, in_files) {
  using namespace RTNeural;
  using Model = ModelT<float, 1, 2, DenseT<float, 1, 3>, TanhActivationT<float, 3>, DenseT<float, 3, 2>>;
  const auto model = std::make_unique<Model>(), before = std::make_unique<Model>();
  const json right = model_json(1, {dense_json(1, 3, 0.5f, "tanh"), dense_json(3, 2, 0.25f)});
  model->parseJson(right);
  before->parseJson(right);
  const auto refused = [&](const std::vector<json>& layers, const std::string& message, int in = 1) {
    expect_refusal([&] { model->parseJson(model_json(in, layers), true); }, message);
    const float x = 0.5f;
    EXPECT_EQ(model->forward(&x), before->forward(&x));
  };
  const json first = dense_json(1, 3, 0.5f, "tanh"), last = dense_json(3, 2, 0.25f);
  refused({dense_json(1, 4, 1, "tanh"), dense_json(4, 2, 1)}, "dense 1 -> 3");
  refused({first, last}, "layers[0].weights[0]", 2);
  refused({dense_json(1, 3, 1), last}, "3 layers, as the model type has");  // only the type has the activation
  refused({first, dense_json(3, 2, 1, "relu")}, "3 layers, as the model type has");
  refused({dense_json(1, 3, 1, "relu"), last}, "layers[0].activation (layer 1 of the model: tanh 3 -> 3)");
  refused({dense_json(1, 3, 1, "swish"), last}, "layers[0].activation: expected");
  refused({first, last, dense_json(2, 2, 1)}, "3 layers, as the model type has");
  refused({first}, "3 layers, as the model type has");
  json broken = last;
  broken["weights"].erase(1);
  EXPECT_NO_THROW(model->parseJson(model_json(1, {first, broken})));  // no bias is a bias of zero, for both libraries
  model->parseJson(right);
  broken["weights"].erase(0);
  refused({first, broken}, "layers[1].weights: expected 1 or 2 arrays");
  broken = last;
  broken.erase("weights");
  refused({first, broken}, "a member \"weights\"");
  broken = last;
  broken["weights"][1][0] = "0.5";
  refused({first, broken}, "layers[1].weights[1][0]: expected a number");
  broken["weights"][1][0] = 1e300;
  refused({first, broken}, "layers[1].weights[1][0]");
  broken = last;
  broken["type"] = "lstm";
  refused({first, broken}, "layers[1].weights");
  expect_refusal([&] { model->parseJson(json::array()); }, "root: expected an object");
  expect_refusal([&] { model->parseJson(json{{"layers", 3}}); }, "layers: expected an array");
  std::ifstream missing(::testing::TempDir() + "there is no such file.json");
  expect_refusal([&] { model->parseJson(missing); }, "a readable file");
  std::istringstream text("{");
  expect_refusal([&] { model->parseJson(text); }, "expected JSON");
}

TEST(RtneuralErrors, in_files_of_two_dimensions) {
  const json right = as_rtneural(read_json(golden_file<float>("conv2d_stack")));
  const auto model = std::make_unique<Planes>();
  const auto refused = [&](const char* change, const json& value, const std::string& message) {
    json file = right;
    file[json::json_pointer(change)] = value;
    expect_refusal([&] { model->parseJson(file); }, message);
  };
  refused("/layers/0/num_features_in", 8, "layers[0].num_filters_in: expected channels times features to be 18");
  refused("/layers/0/padding", "same", "layers[0].padding (layer 0 of the model: conv2d 18 -> 35): expected \"valid\"");
  refused("/layers/0/strides", 2, "layers[0].strides");
  refused("/layers/0/weights", json::array(), "layers[0].weights: expected 1 or 2 arrays");
  refused("/layers/0/kernel_size_time", 2, "layers[0].weights[0]");
  refused("/layers/0/shape", {nullptr, nullptr, 6, 5},
          "layers[1].num_filters_in: expected channels times features to be 30");
  refused("/layers/1/num_filters_in", 7, "layers[1].num_filters_in");
  refused("/layers/1/activation", "", "5 layers, as the model type has");
  refused("/in_shape", {nullptr, nullptr, 9, 3}, "layers[0].num_filters_in: expected channels times features to be 27");
}

TEST(RtneuralErrors, in_setters) {
  using namespace RTNeural;
  ModelT<float, 2, 3, DenseT<float, 2, 4>, Conv1DT<float, 4, 2, 3, 1>, LSTMLayerT<float, 2, 3>, GRULayerT<float, 3, 3>,
         BatchNorm1DT<float, 3>, PReLUActivationT<float, 3>>
      model;
  using Vector = std::vector<float>;
  const auto matrix = [](std::size_t rows, std::size_t columns) { return Rows<float>(rows, Vector(columns)); };
  expect_refusal([&] { model.get<0>().setWeights(matrix(2, 4)); },
                 "setWeights (dense 2 -> 4): expected 4 entries, found 2");
  expect_refusal([&] { model.get<0>().setWeights({{1, 2}, {1, 2}, {1}, {1, 2}}); }, "setWeights[2] (dense 2 -> 4)");
  expect_refusal([&] { model.get<1>().setWeights({2, matrix(4, 2)}); }, "setWeights[0][0] (conv1d 4 -> 2)");
  expect_refusal([&] { model.get<1>().setBias(Vector(3)); }, "setBias");
  expect_refusal([&] { model.get<2>().setWVals(matrix(2, 9)); }, "setWVals[0] (lstm 2 -> 3): expected 12");
  expect_refusal([&] { model.get<2>().setUVals(matrix(2, 12)); }, "setUVals");
  expect_refusal([&] { model.get<2>().setBVals(Vector(24)); }, "setBVals");
  expect_refusal([&] { model.get<3>().setBVals(matrix(1, 9)); }, "setBVals (gru 3 -> 3): expected 2");
  expect_refusal([&] { model.get<4>().setGamma(Vector(2)); }, "setGamma");
  expect_refusal([&] { model.get<5>().setAlphaVals(Vector(2)); }, "setAlphaVals");
  expect_refusal([&] { model.get<5>().setAlphaVals({}); }, "setAlphaVals");
}

TEST(RtneuralErrors, in_state_dicts) {
  using namespace RTNeural;
  const json state_dict = read_json(test_file("golden/compat/torch_state_dict.json"))["lstm"]["state_dict"];
  ModelT<float, 2, 3, LSTMLayerT<float, 2, 5>, DenseT<float, 5, 3>> model;
  ModelT<float, 5, 3, DenseT<float, 5, 3, false>> no_bias;
  using torch_helpers::loadDense, torch_helpers::loadLSTM;
  loadDense<float>(state_dict, "dense.", model.get<1>());
  expect_refusal([&] { loadLSTM<float>(state_dict, "gru.", model.get<0>()); }, "a member \"gru.weight_ih_l0\"");
  expect_refusal([&] { loadLSTM<float>(state_dict, "lstm.", model.get<0>(), true, 2); }, "lstm.weight_ih_l2");
  expect_refusal([&] { loadLSTM<float>(state_dict, "lstm.", model.get<0>(), true, 1); },
                 "lstm.weight_ih_l1[0]: expected 2 entries");
  expect_refusal([&] { loadLSTM<float>(state_dict, "lstm.", model.get<0>(), false); }, "lstm.bias_ih_l0: expected no");
  expect_refusal([&] { loadDense<float>(state_dict, "dense.", no_bias.get<0>()); }, "dense.bias: expected no bias");
  expect_refusal([&] { loadDense<float>(state_dict, "dense.", model.get<1>(), false); }, "dense.bias");
  json broken = state_dict;
  broken["dense.bias"][1] = nullptr;
  const float x[]{1, 1};
  const float y = model.forward(x);
  expect_refusal([&] { loadDense<float>(broken, "dense.", model.get<1>()); }, "dense.bias[1]: expected a number");
  broken["dense.bias"][1] = 1e39;
  broken["dense.weight"][0][0] = 100;
  expect_refusal([&] { loadDense<float>(broken, "dense.", model.get<1>()); }, "dense.bias[1]: expected a number in");
  model.reset();
  EXPECT_EQ(model.forward(x), y);
}

TEST(RtneuralNextSteps, an_inlay_file_loads_with_its_check) {
  const std::string file = golden_file<float>("lstm20_dense");
  const auto model = std::make_unique<Amp<float>>();
  model->parseJson(read_json(file));
  expect_check<float>(*model, file);
  json wrong = read_json(file);
  wrong["check"]["output"]["data"][5] = 0.9;
  expect_refusal([&] { model->parseJson(wrong); }, "check.output");
}

// The steps of docs/from-rtneural.md.
TEST(RtneuralNextSteps, as_the_guide_has_them) {
  const std::string path = ::testing::TempDir() + "rtneural_next_steps.json";
  std::ofstream(path) << as_rtneural(read_json(golden_file<float>("lstm20_dense"))).dump();
  const auto model = std::make_unique<Amp<float>>();
  model->parseJson(read_json(path));
  const float x = 0.5f;
  std::vector<float> buffer(100, x), in_left(buffer), in_right(100, -x), out_left(100), out_right(100);
  const std::size_t frames = buffer.size();
  float* channels[]{buffer.data()};

  model->process(buffer, buffer);              // spans, one channel in and out, in place
  model->process(channels, channels, frames);  // or planar, any number of channels

  const auto left = std::make_unique<Amp<float>::State>(), right = std::make_unique<Amp<float>::State>();
  model->process(*left, in_left, out_left);
  model->process(*right, in_right, out_right);

  using InlayAmp = inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>>;
  const auto inlay_amp = std::make_unique<InlayAmp>();
  inlay_amp->load(path);  // a path, a stream or JSON; throws inlay::load_error
  const float y = inlay_amp->forward(x);

  model->reset();
  EXPECT_EQ(model->forward(&x), y);
  std::vector<float> ours(frames, x), theirs(ours);
  inlay_amp->process(ours, ours);
  model->process(theirs, theirs);
  EXPECT_EQ(ours, theirs);
  EXPECT_NEAR(out_left[99], theirs[98], 1e-6f);
  EXPECT_NE(out_left, out_right);
}

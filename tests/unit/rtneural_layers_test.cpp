// RTNeural's layers of run-time sizes, models of such layers, and RTNeural's functions for single layers.
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // a MathsProvider of one's own is announced
#endif
#include <algorithm>
#include <cmath>
#include <inlay/compat/rtneural.hpp>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/refusal.hpp"

namespace {

using nlohmann::json;
using T = double;
using Vector = std::vector<T>;
using Matrix = std::vector<Vector>;

/// Numbers that differ from layer to layer.
class Numbers {
 public:
  T next() {
    seed_ = seed_ * 1664525u + 1013904223u;
    return static_cast<T>(seed_) / 4294967296.0 - 0.5;
  }
  Vector vector(std::size_t size) {
    Vector values(size);
    for (T& value : values) value = next();
    return values;
  }
  Matrix matrix(std::size_t rows, std::size_t columns) {
    Matrix values(rows);
    for (Vector& row : values) row = vector(columns);
    return values;
  }
  std::vector<Matrix> cube(std::size_t planes, std::size_t rows, std::size_t columns) {
    std::vector<Matrix> values(planes);
    for (Matrix& plane : values) plane = matrix(rows, columns);
    return values;
  }

 private:
  unsigned seed_ = 1;
};

/// Expects the same output of two models or layers for 50 frames of noise.
void expect_same(std::size_t ins, std::size_t outs, auto&& first, auto&& second) {
  Numbers numbers;
  for (int t = 0; t < 50; ++t) {
    const Vector in = numbers.vector(ins);
    Vector a(outs), b(outs);
    first(in.data(), a.data());
    second(in.data(), b.data());
    for (std::size_t c = 0; c < outs; ++c) ASSERT_NEAR(a[c], b[c], 1e-12) << "frame " << t << ", channel " << c;
  }
}

/// A model as a function of a frame.
auto frames_of(auto& model, std::size_t outs) {
  model.reset();
  return [&model, outs](const T* in, T* out) {
    ASSERT_EQ(model.forward(in), model.getOutputs()[0]);
    std::copy(model.getOutputs(), model.getOutputs() + outs, out);
  };
}
auto frames_of(RTNeural::Layer<T>& layer) {
  layer.reset();
  return [&layer](const T* in, T* out) { layer.forward(in, out); };
}

/// Weights of a network such as those of NeuralAudio: LSTM 1 -> 5, GRU 5 -> 4, Dense 4 -> 2, tanh.
struct Weights {
  Numbers numbers;
  Matrix lstm_kernel = numbers.matrix(1, 20), lstm_recurrent = numbers.matrix(5, 20);
  Vector lstm_bias = numbers.vector(20);
  Matrix gru_kernel = numbers.matrix(5, 12), gru_recurrent = numbers.matrix(4, 12), gru_bias = numbers.matrix(2, 12);
  Matrix dense = numbers.matrix(2, 4);
  Vector dense_bias = numbers.vector(2);
};

using Static = RTNeural::ModelT<T, 1, 2, RTNeural::LSTMLayerT<T, 1, 5>, RTNeural::GRULayerT<T, 5, 4>,
                                RTNeural::DenseT<T, 4, 2>, RTNeural::TanhActivationT<T, 2>>;

std::unique_ptr<Static> static_model(const Weights& weights) {
  auto model = std::make_unique<Static>();
  model->get<0>().setWVals(weights.lstm_kernel);
  model->get<0>().setUVals(weights.lstm_recurrent);
  model->get<0>().setBVals(weights.lstm_bias);
  model->get<1>().setWVals(weights.gru_kernel);
  model->get<1>().setUVals(weights.gru_recurrent);
  model->get<1>().setBVals(weights.gru_bias);
  model->get<2>().setWeights(weights.dense);
  model->get<2>().setBias(weights.dense_bias.data());
  return model;
}

std::unique_ptr<RTNeural::LSTMLayer<T>> lstm_layer(const Weights& weights) {
  auto lstm = std::make_unique<RTNeural::LSTMLayer<T>>(1, 5);
  lstm->setWVals(weights.lstm_kernel);
  lstm->setUVals(weights.lstm_recurrent);
  lstm->setBVals(weights.lstm_bias);
  return lstm;
}

std::unique_ptr<RTNeural::Model<T>> run_time_model(const Weights& weights) {
  auto model = std::make_unique<RTNeural::Model<T>>(1);
  model->addLayer(lstm_layer(weights).release());
  auto gru = std::make_unique<RTNeural::GRULayer<T>>(model->getNextInSize(), 4);
  gru->setWVals(weights.gru_kernel);
  gru->setUVals(weights.gru_recurrent);
  gru->setBVals(weights.gru_bias);
  model->addLayer(gru.release());
  auto dense = std::make_unique<RTNeural::Dense<T>>(model->getNextInSize(), 2);
  dense->setWeights(weights.dense);
  dense->setBias(weights.dense_bias.data());
  model->addLayer(dense.release());
  model->addLayer(new RTNeural::TanhActivation<T>(2));
  return model;
}

/// A user-defined layer.
class Doubled final : public RTNeural::Layer<T> {
 public:
  explicit Doubled(int size) : RTNeural::Layer<T>(size, size) {}
  std::string getName() const noexcept override { return "doubled"; }
  void reset() override { ++resets; }
  void forward(const T* input, T* out) noexcept override {
    for (int c = 0; c < in_size; ++c) out[c] = 2 * input[c];
  }
  int resets = 0;
};

json dense_json(int in, int out, T value, const char* activation = "") {
  return {{"type", "dense"},
          {"activation", activation},
          {"shape", {nullptr, nullptr, out}},
          {"weights",
           {Matrix(static_cast<std::size_t>(in), Vector(static_cast<std::size_t>(out), value)),
            Vector(static_cast<std::size_t>(out), value)}}};
}

}  // namespace

TEST(RtneuralRunTime, a_model_put_together_plays_what_its_type_plays) {
  const Weights weights;
  const auto expected = static_model(weights);
  const auto model = run_time_model(weights);
  EXPECT_EQ(model->getInSize(), 1);
  EXPECT_EQ(model->getOutSize(), 2);
  ASSERT_EQ(model->layers.size(), 4u);
  EXPECT_EQ(model->layers[1]->in_size, 5);
  EXPECT_EQ(model->layers[1]->getName(), "gru");
  expect_same(1, 2, frames_of(*expected, 2), frames_of(*model, 2));

  const auto unprepared = run_time_model(weights);  // no reset before the first frame
  expected->reset();
  expect_same(1, 2, frames_of(*expected, 2), [&](const T* in, T* out) {
    unprepared->forward(in);
    std::copy(unprepared->getOutputs(), unprepared->getOutputs() + 2, out);
  });
}

TEST(RtneuralRunTime, a_setter_reaches_the_model_that_the_layer_is_in) {
  Weights weights;
  const auto model = run_time_model(weights);
  model->reset();
  const T x = 0.5;
  model->forward(&x);
  auto* dense = dynamic_cast<RTNeural::Dense<T>*>(model->layers[2]);
  ASSERT_NE(dense, nullptr);
  weights.dense[1][3] = 7;
  dense->setWeights(weights.dense);
  EXPECT_EQ(dense->getWeight(1, 3), 7);
  EXPECT_EQ(dense->getBias(1), weights.dense_bias[1]);
  expect_same(1, 2, frames_of(*static_model(weights), 2), frames_of(*model, 2));
}

TEST(RtneuralRunTime, a_model_is_an_inlay_model) {
  const Weights weights;
  const auto model = run_time_model(weights), by_frames = run_time_model(weights);
  Numbers numbers;
  const Vector in = numbers.vector(100);
  Vector left(100), right(100);
  const T* const from = in.data();
  T* const to[]{left.data(), right.data()};
  ASSERT_EQ(model->process(&from, to, 100), 100u);
  for (std::size_t t = 0; t < 100; ++t) {
    by_frames->forward(&in[t]);
    ASSERT_NEAR(left[t], by_frames->getOutputs()[0], 1e-12);
    ASSERT_NEAR(right[t], by_frames->getOutputs()[1], 1e-12);
  }
}

TEST(RtneuralRunTime, a_layer_of_the_users_own_runs_among_the_others) {
  const Weights weights;
  const auto model = run_time_model(weights);
  auto* doubled = new Doubled(2);
  model->addLayer(doubled);
  model->addLayer(new RTNeural::Activation<T>(2, [](T x) { return x + 1; }, "plus_one"));
  model->reset();
  EXPECT_EQ(doubled->resets, 1);
  const auto expected = static_model(weights);
  expect_same(1, 2, frames_of(*model, 2), [&](const T* in, T* out) {
    expected->forward(in);
    for (int c = 0; c < 2; ++c) out[c] = 2 * expected->getOutputs()[c] + 1;
  });
  const Vector in(10);
  Vector out(10);
  EXPECT_EQ(model->process(in, out), 0u);
}

TEST(RtneuralRunTime, a_layer_runs_alone_and_is_copied) {
  const Weights weights;
  const auto lstm = lstm_layer(weights);
  RTNeural::ModelT<T, 1, 5, RTNeural::LSTMLayerT<T, 1, 5>> expected;
  expected.get<0>().setWVals(weights.lstm_kernel);
  expected.get<0>().setUVals(weights.lstm_recurrent);
  expected.get<0>().setBVals(weights.lstm_bias);
  expect_same(1, 5, frames_of(*lstm), frames_of(expected, 5));
  RTNeural::LSTMLayer<T> copy(*lstm);
  expect_same(1, 5, frames_of(copy), frames_of(expected, 5));
}

TEST(RtneuralRunTime, convolutions) {
  Numbers numbers;
  const auto weights = numbers.cube(4, 1, 3);
  const Vector bias = numbers.vector(4);
  RTNeural::Conv1D<T> conv(2, 4, 3, 2, 2);
  conv.setWeights(weights);
  conv.setBias(bias);
  RTNeural::ModelT<T, 2, 4, RTNeural::Conv1DT<T, 2, 4, 3, 2, 2>> expected;
  expected.get<0>().setWeights(weights);
  expected.get<0>().setBias(bias);
  expect_same(2, 4, frames_of(conv), frames_of(expected, 4));

  // One output frame per three input frames, which is repeated.
  RTNeural::StridedConv1D<T> strided{2, 4, 3, 2, 3, 2};
  strided.setWeights(weights);
  strided.setBias(bias);
  strided.reset();
  conv.reset();
  Vector last(4);
  for (int t = 0; t < 20; ++t) {
    const Vector in = numbers.vector(2);
    Vector out(4), every(4);
    strided.forward(in.data(), out.data());
    conv.forward(in.data(), every.data());
    if (t % 3 == 0) last = every;
    EXPECT_EQ(out, last);
  }

  const std::vector<std::vector<Matrix>> planes{numbers.cube(3, 2, 3), numbers.cube(3, 2, 3)};
  const Vector filters = numbers.vector(3);
  RTNeural::Conv2D<T> plane(2, 3, 7, 2, 3, 2, 2, false);
  EXPECT_EQ(plane.receptive_field, 3);
  EXPECT_EQ(plane.num_features_out, 4);
  EXPECT_FALSE(plane.valid_pad);
  plane.setWeights(planes);
  plane.setBias(filters);
  RTNeural::ModelT2D<T, 2, 7, 3, 4, RTNeural::Conv2DT<T, 2, 3, 7, 2, 3, 2, 2, false>> expected_plane;
  expected_plane.get<0>().setWeights(planes);
  expected_plane.get<0>().setBias(filters);
  expect_same(14, 12, frames_of(plane), frames_of(expected_plane, 12));

  RTNeural::Conv1DStateless<T> stateless(2, 7, 3, 3, 1, true);
  stateless.setWeights(planes[0]);
  RTNeural::ModelT<T, 14, 15, RTNeural::Conv1DStatelessT<T, 2, 7, 3, 3, 1, true>> by_rows, by_columns;
  by_rows.get<0>().setWeights(planes[0]);
  std::vector<Matrix> turned(3, Matrix(2, Vector(3)));  // [kernel][in][out]
  for (std::size_t o = 0; o < 3; ++o)
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t k = 0; k < 3; ++k) turned[k][i][o] = planes[0][o][i][k];
  by_columns.get<0>().setWeightsTransposed(turned);
  expect_same(14, 15, frames_of(stateless), frames_of(by_rows, 15));
  expect_same(14, 15, frames_of(by_columns, 15), frames_of(by_rows, 15));
}

TEST(RtneuralRunTime, pointwise_layers) {
  const auto compare = [](auto&& layer, auto&& model) { expect_same(4, 4, frames_of(layer), frames_of(model, 4)); };
  using namespace RTNeural;
  compare(TanhActivation<T>(4), ModelT<T, 4, 4, TanhActivationT<T, 4>>());
  compare(SigmoidActivation<T>{4}, ModelT<T, 4, 4, SigmoidActivationT<T, 4>>());
  compare(ReLuActivation<T>(4), ModelT<T, 4, 4, ReLuActivationT<T, 4>>());
  compare(SoftmaxActivation<T>(4), ModelT<T, 4, 4, SoftmaxActivationT<T, 4>>());
  ELuActivation<T> elu(4);
  elu.set_alpha(0.25);
  compare(elu, ModelT<T, 4, 4, ELuActivationT<T, 4, 1, 4>>());
  PReLUActivation<T> prelu(4);
  ModelT<T, 4, 4, PReLUActivationT<T, 4>> expected;
  prelu.setAlphaVals({0.5, 0.25});
  expected.get<0>().setAlphaVals({0.5, 0.25});
  compare(prelu, expected);

  Numbers numbers;
  const Vector mean = numbers.vector(4), gamma = numbers.vector(4), beta = numbers.vector(4);
  const auto fill = [&](auto& layer) {
    layer.setRunningMean(mean);
    layer.setRunningVariance({1, 2, 0, 4});  // usable once there is an epsilon
    layer.setGamma(gamma);
    layer.setBeta(beta);
    layer.setEpsilon(0.5);
  };
  BatchNorm1DLayer<T> norm(4);
  ModelT<T, 4, 4, BatchNorm1DT<T, 4>> expected_norm;
  fill(norm);
  fill(expected_norm.get<0>());
  compare(norm, expected_norm);
  BatchNorm2DLayer<T> plane(4, 1);
  fill(plane);
  compare(plane, expected_norm);
}

TEST(RtneuralRunTime, a_file_has_its_layers) {
  const json document{{"in_shape", {nullptr, nullptr, 1}},
                      {"layers", {dense_json(1, 3, 0.5, "elu"), dense_json(3, 2, 0.25)}}};
  struct OwnMaths {};
  const auto model = RTNeural::json_parser::parseJson<T, OwnMaths>(document, true);
  ASSERT_EQ(model->layers.size(), 3u);
  EXPECT_EQ(model->layers[0]->out_size, 3);
  EXPECT_EQ(model->layers[1]->getName(), "elu");
  auto layers = model->layers;
  expect_same(1, 2, frames_of(*model, 2), [&](const T* in, T* out) {
    Vector a(3), b(3);
    layers[0]->forward(in, a.data());
    layers[1]->forward(a.data(), b.data());
    layers[2]->forward(b.data(), out);
  });
}

TEST(RtneuralTypes, a_layer_runs_without_a_model) {
  Numbers numbers;
  const auto weights = numbers.cube(4, 2, 3);
  const Vector bias = numbers.vector(4);
  RTNeural::ModelT<T, 2, 4, RTNeural::Conv1DT<T, 2, 4, 3, 2>> model;
  RTNeural::Conv1DT<T, 2, 4, 3, 2> conv;
  RTNeural::StridedConv1DT<T, 2, 4, 3, 2, 3> strided;
  const auto fill = [&](auto& layer) {
    layer.setWeights(weights);
    layer.setBias(bias);
  };
  fill(model.get<0>());
  fill(conv);
  fill(strided);
  const RTNeural::Conv1DT<T, 2, 4, 3, 2> copy(conv);
  for (int round = 0; round < 2; ++round) {
    model.reset();
    conv.reset();
    strided.reset();
    Vector last(4);
    for (int t = 0; t < 10; ++t) {
      const T x[]{numbers.next(), numbers.next()};
      model.forward(x);
      if (t == 4) conv.skip(x);
      else conv.forward(x);
      strided.forward(x);
      if (t % 3 == 0) last.assign(model.getOutputs(), model.getOutputs() + 4);
      for (std::size_t c = 0; c < 4; ++c) {
        if (t != 4) {
          ASSERT_NEAR(conv.outs[c], model.getOutputs()[c], 1e-12);
        }
        ASSERT_NEAR(strided.outs[c], last[c], 1e-12);
      }
    }
  }
  EXPECT_EQ(copy.outs[3], 0);  // it has a state of its own
}

namespace {

/// A layer in RTNeural's form, whose number of inputs is that of the layer before.
template <int ins>
class Residual {
 public:
  void reset() { conv.reset(); }
  void forward(const T (&in)[ins]) noexcept {
    conv.forward(in);
    activation.forward(conv.outs);
    for (int c = 0; c < ins; ++c) outs[c] = in[c] + activation.outs[c];
  }
  T outs alignas(RTNEURAL_DEFAULT_ALIGNMENT)[ins];
  RTNeural::Conv1DT<T, ins, ins, 3, 2> conv;
  RTNeural::TanhActivationT<T, ins> activation;
};

/// A layer without copies, as RTNeural's custom layers may be, that counts what it is asked for.
class Sum {
 public:
  static constexpr auto in_size = 3, out_size = 1;
  Sum() = default;
  Sum(const Sum&) = delete;
  std::string getName() const noexcept { return "sum"; }
  constexpr bool isActivation() const noexcept { return false; }
  void reset() { frames = 0; }
  template <class Ins>
  void forward(const Ins& in) noexcept {
    outs[0] = in[0] + in[1] + in[2] + offset;
    ++frames;
  }
  T outs[1]{};
  T offset = 0;
  int frames = 0;
};

using Custom = RTNeural::ModelT<T, 1, 1, RTNeural::DenseT<T, 1, 3>, Residual<3>, Sum, RTNeural::DenseT<T, 1, 1>>;

}  // namespace

TEST(RtneuralCustomLayers, in_RTNeurals_form) {
  Numbers numbers;
  const auto kernel = numbers.cube(3, 3, 3);
  Custom model;
  Residual<3>& residual = model.get<1>();
  residual.conv.setWeights(kernel);
  model.get<2>().offset = 0.25;
  const json document{{"in_shape", {nullptr, nullptr, 1}},
                      {"layers",
                       {dense_json(1, 3, 0.5),
                        {{"type", "residual"}, {"shape", {nullptr, nullptr, 3}}},
                        {{"type", "sum"}, {"shape", {nullptr, nullptr, 1}}},
                        dense_json(1, 1, 2)}}};
  model.parseJson(document, true, {"residual", "sum"});
  expect_refusal([&] { model.parseJson(document, true, {"residual"}); }, "sum");
  json other = document;
  other["layers"][1] = dense_json(3, 3, 1);
  expect_refusal([&] { model.parseJson(other, true, {"sum"}); }, "layers[1].type");
  EXPECT_EQ(model.get<2>().offset, 0.25);
  EXPECT_EQ(std::get<2>(model.getLayers()).frames, 0);

  RTNeural::ModelT<T, 3, 3, RTNeural::Conv1DT<T, 3, 3, 3, 2>, RTNeural::TanhActivationT<T, 3>> inner;
  inner.get<0>().setWeights(kernel);
  const auto expected = [&](T x) {
    const T in[]{0.5 * x + 0.5, 0.5 * x + 0.5, 0.5 * x + 0.5};
    inner.forward(in);
    T sum = 0.25;
    for (int c = 0; c < 3; ++c) sum += in[c] + inner.getOutputs()[c];
    return 2 * sum + 2;
  };
  for (int round = 0; round < 2; ++round) {
    model.reset();
    inner.reset();
    for (int t = 0; t < 20; ++t) {
      const T x = numbers.next();
      ASSERT_NEAR(model.forward(&x), expected(x), 1e-12);
    }
    EXPECT_EQ(model.get<2>().frames, 20);
  }
  model.reset();
  inner.reset();
  const Vector in = numbers.vector(100);
  Vector out(100);
  model.process(in, out);
  for (std::size_t t = 0; t < 100; ++t) ASSERT_NEAR(out[t], expected(in[t]), 1e-12);
}

TEST(RtneuralTypes, a_strided_convolution_holds_its_output_in_a_model) {
  Numbers numbers;
  const auto kernel = numbers.cube(3, 2, 4);
  const Vector bias = numbers.vector(3);
  using namespace RTNeural;
  ModelT<T, 2, 2, StridedConv1DT<T, 2, 3, 4, 2, 3>, DenseT<T, 3, 2>> model;
  Model<T> run_time(2);
  auto* conv = new StridedConv1D<T>(2, 3, 4, 2, 3);
  auto* dense = new Dense<T>(3, 2);
  for (Layer<T>* layer : {static_cast<Layer<T>*>(conv), static_cast<Layer<T>*>(dense)}) run_time.addLayer(layer);
  const auto fill = [&](auto& strided, auto& last) {
    strided.setWeights(kernel);
    strided.setBias(bias);
    last.setWeights({{1, 2, 3}, {4, 5, 6}});
  };
  fill(model.get<0>(), model.get<1>());
  fill(*conv, *dense);
  EXPECT_EQ(model.get<0>().getName(), "strided_conv1d");
  expect_same(2, 2, frames_of(model, 2), frames_of(run_time, 2));

  model.reset();
  run_time.reset();
  const Vector left = numbers.vector(100), right = numbers.vector(100);
  Vector a(100), b(100);
  const T* const in[]{left.data(), right.data()};
  T* const out[]{a.data(), b.data()};
  model.process(in, out, 100);
  for (std::size_t t = 0; t < 100; ++t) {
    const T frame[]{left[t], right[t]};
    run_time.forward(frame);
    ASSERT_NEAR(a[t], run_time.getOutputs()[0], 1e-12);
    ASSERT_NEAR(b[t], run_time.getOutputs()[1], 1e-12);
  }
}

TEST(RtneuralTypes, a_batch_normalisation_that_is_not_affine_ignores_gamma) {
  RTNeural::BatchNorm1DT<T, 1, false> norm;
  norm.setRunningVariance({4});
  norm.setGamma({3});
  norm.setBeta({3});
  const T x[]{2};
  norm.forward(x);
  EXPECT_EQ(norm.outs[0], 1);
}

TEST(RtneuralJsonParser, fills_layers_of_both_kinds) {
  Numbers numbers;
  using namespace RTNeural;
  namespace parser = RTNeural::json_parser;
  const auto compare = [](auto& layer, auto& model, std::size_t ins, std::size_t outs) {
    expect_same(ins, outs, frames_of(layer), frames_of(model, outs));
  };
  {
    const json weights{numbers.matrix(2, 3), numbers.vector(3)};
    const auto layer = parser::createDense<T>(2, 3, weights);
    ModelT<T, 2, 3, DenseT<T, 2, 3>> model;
    parser::loadDense<T>(model.get<0>(), weights);
    EXPECT_EQ(layer->getWeight(2, 1), weights[0][1][2].get<T>());
    compare(*layer, model, 2, 3);
    EXPECT_TRUE(parser::checkDense<T>(model.get<0>(), "time-distributed-dense", 3, false));
    EXPECT_FALSE(parser::checkDense<T>(*layer, "dense", 4, false));
    const json broken{numbers.matrix(2, 3), numbers.vector(2)};
    expect_refusal([&] { parser::loadDense<T>(model.get<0>(), broken); }, "weights[1]: expected 3 entries");
    compare(*layer, model, 2, 3);
  }
  {
    const json weights{numbers.cube(3, 1, 4), numbers.vector(4)};
    const auto layer = parser::createConv1D<T>(2, 4, 3, 2, 2, weights);
    ModelT<T, 2, 4, Conv1DT<T, 2, 4, 3, 2, 2>> model;
    parser::loadConv1D<T>(model.get<0>(), 3, 2, weights);
    compare(*layer, model, 2, 4);
    EXPECT_TRUE(parser::checkConv1D<T>(*layer, "conv1d", 4, 3, 2, 2, false));
    EXPECT_FALSE(parser::checkConv1D<T>(model.get<0>(), "conv1d", 4, 3, 2, 1, false));
  }
  {
    const json weights{{numbers.cube(3, 2, 3), numbers.cube(3, 2, 3)}, numbers.vector(3)};
    const auto layer = parser::createConv2D<T>(2, 7, 3, 2, 3, 1, 1, true, weights);
    ModelT2D<T, 2, 7, 3, 5, Conv2DT<T, 2, 3, 7, 2, 3, 1, 1, true>> model;
    parser::loadConv2D<T>(model.get<0>(), weights);
    compare(*layer, model, 14, 15);
    EXPECT_TRUE(parser::checkConv2D<T>(*layer, "conv2d", 15, 2, 3, 1, 1, true, false));
  }
  {
    const json weights{numbers.matrix(2, 12), numbers.matrix(3, 12), numbers.vector(12)};
    const auto layer = parser::createLSTM<T>(2, 3, weights);
    ModelT<T, 2, 3, LSTMLayerT<T, 2, 3>> model;
    parser::loadLSTM<T>(model.get<0>(), weights);
    compare(*layer, model, 2, 3);
  }
  {
    const json weights{numbers.matrix(2, 9), numbers.matrix(3, 9), numbers.matrix(2, 9)};
    const auto layer = parser::createGRU<T>(2, 3, weights);
    ModelT<T, 2, 3, GRULayerT<T, 2, 3>> model;
    parser::loadGRU<T>(model.get<0>(), weights);
    compare(*layer, model, 2, 3);
  }
  {
    const json weights{{numbers.vector(3)}};
    const auto layer = parser::createPReLU<T>(3, weights);
    ModelT<T, 3, 3, PReLUActivationT<T, 3>> model;
    parser::loadPReLU<T>(model.get<0>(), weights);
    compare(*layer, model, 3, 3);
  }
  {
    const Vector variance{1, 2, 3};
    const json weights{numbers.vector(3), numbers.vector(3), numbers.vector(3), variance};
    const auto layer = parser::createBatchNorm<T>(3, weights, 0.25);
    ModelT<T, 3, 3, BatchNorm1DT<T, 3>> model;
    parser::loadBatchNorm<T>(model.get<0>(), weights);
    model.get<0>().setEpsilon(0.25);
    compare(*layer, model, 3, 3);
    json negative = weights;
    negative[3][1] = -2.0;
    expect_refusal([&] { parser::loadBatchNorm<T>(model.get<0>(), negative); }, "setRunningVariance[1]");
    compare(*layer, model, 3, 3);
  }
  EXPECT_EQ(parser::createActivation<T>("relu", 3)->getName(), "relu");
  EXPECT_EQ(parser::createActivation<T>("swish", 3), nullptr);
}

TEST(RtneuralJsonParser, a_negative_variance_is_refused) {
  const auto document = [](T variance) -> json {
    return {{"in_shape", {nullptr, nullptr, 2}},
            {"layers",
             {{{"type", "batchnorm"},
               {"activation", ""},
               {"shape", {nullptr, nullptr, 2}},
               {"epsilon", 0.001},
               {"weights", {Vector{0, 0}, Vector{1, variance}}}}}}};
  };
  RTNeural::ModelT<T, 2, 2, RTNeural::BatchNorm1DT<T, 2, false>> model;
  model.parseJson(document(3.999));
  const T x[]{0, 2};
  model.forward(x);
  EXPECT_NEAR(model.getOutputs()[1], 1, 1e-12);
  expect_refusal([&] { model.parseJson(document(-0.5)); }, "layers[0].weights[1][1]: expected a variance");
  expect_refusal([&] { RTNeural::json_parser::parseJson<T>(document(-0.5)); }, "layers[0].weights[1][1]");
  expect_refusal([&] { model.get<0>().setRunningVariance({1, -1}); }, "setRunningVariance[1]");
  expect_refusal([&] { RTNeural::BatchNorm1DLayer<T>(2).setRunningVariance({std::nan(""), 1}); },
                 "setRunningVariance[0] (batchnorm 2 -> 2)");
  model.forward(x);
  EXPECT_NEAR(model.getOutputs()[1], 1, 1e-12);
}

TEST(RtneuralErrors, of_layers_of_run_time_sizes) {
  RTNeural::Model<T> model(1);
  model.addLayer(new RTNeural::Dense<T>(1, 3));
  expect_refusal([&] { model.addLayer(new RTNeural::Dense<T>(2, 1)); }, "layers[1] (dense): expected a layer of 3");
  EXPECT_EQ(model.layers.size(), 1u);
  RTNeural::Dense<T> dense(2, 4);
  expect_refusal([&] { dense.setWeights(Matrix(2, Vector(4))); }, "setWeights (dense 2 -> 4): expected 4 entries");
  RTNeural::LSTMLayer<T> lstm(2, 3);
  expect_refusal([&] { lstm.setBVals(Vector(3)); }, "setBVals (lstm 2 -> 3): expected 12 entries");
  EXPECT_THROW(RTNeural::Model<T>(0), inlay::load_error);
}

TEST(RtneuralNames, of_layers) {
  using namespace RTNeural;
  ModelT<T, 2, 2, DenseT<T, 2, 3>, SigmoidActivationT<T, 3>, BatchNorm1DT<T, 3>, DenseT<T, 3, 2>> model;
  std::string names;
  std::size_t places = 0;
  modelt_detail::forEachInTuple(
      [&](auto& layer, std::size_t i) {
        names += layer.getName() + (layer.isActivation() ? "! " : " ");
        places = 10 * places + i;
      },
      model.getLayers());
  EXPECT_EQ(names, "dense sigmoid! batchnorm dense ");
  EXPECT_EQ(places, 123u);
  modelt_detail::forEachInTupleRange<1, 2>([&](auto& layer, std::size_t) { names = layer.getName(); },
                                           std::tuple<DenseT<T, 1, 1>, TanhActivationT<T, 1>, BatchNorm1DT<T, 1>>());
  EXPECT_EQ(names, "batchnorm");
  static_assert(ceil_div(7, 4) == 2);
  static_assert(RTNEURAL_NAMESPACE::DenseT<T, 1, 2>::out_size == 2);
  std::cout << "";  // <iostream> is included
}

TEST(RtneuralTorch, turns_weights_as_RTNeural_does) {
  namespace torch = RTNeural::torch_helpers::detail;
  const Matrix rows{{1, 2, 3}, {4, 5, 6}};
  EXPECT_EQ(torch::transpose(rows), (Matrix{{1, 4}, {2, 5}, {3, 6}}));
  std::vector<Matrix> kernels{rows};
  torch::reverseKernels(kernels);
  EXPECT_EQ(kernels[0], (Matrix{{3, 2, 1}, {6, 5, 4}}));
  EXPECT_EQ(torch::reverseChannels(kernels), (std::vector<Matrix>{{{3, 2, 1}}, {{6, 5, 4}}}));
  Matrix gates{{1, 2, 3, 4, 5, 6}};
  torch::swap_rz(gates, 2);
  EXPECT_EQ(gates[0], (Vector{3, 4, 1, 2, 5, 6}));

  const json state_dict{{"layer.weight", {{1, 2}, {3, 4}, {5, 6}}}, {"layer.bias", {7, 8, 9}}};
  RTNeural::Dense<T> dense(2, 3);
  RTNeural::torch_helpers::loadDense<T>(state_dict, "layer.", dense);
  const T x[]{10, 1};
  T y[3];
  dense.forward(x, y);
  EXPECT_EQ(y[2], 65);
}

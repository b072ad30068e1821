// Weights of 8 and 16 bits with a scale for each output: the output is that of a model with rounded weights.
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <vector>

#include "support/backends.hpp"
#include "support/rounded_weights.hpp"

using namespace inlay;

namespace {

template <class W>
using OnLoops = LoopBackend<float, math::Accurate, W>;
template <class W>
using OnDefault = default_backend_for<float, math::Accurate, W>;

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN(),
                infinity = std::numeric_limits<float>::infinity();

/// The weights of a row after they were set one by one, the last one first or the first one first.
template <class W>
std::vector<float> row_of(const std::vector<float>& values, bool backwards = false) {
  std::vector<W> stored(values.size() * 2 + sizeof(float) / sizeof(W));
  const detail::ScaledRow<W> row(stored.data(), stored.data() + sizeof(float) / sizeof(W), 2, values.size());
  const auto set_each = [&] {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t at = backwards ? values.size() - 1 - i : i;
      row.set(at, values[at]);
    }
  };
  set_each();
  set_each();
  std::vector<float> got;
  for (std::size_t i = 0; i < values.size(); ++i) got.push_back(row.get(i));
  return got;
}

}  // namespace

TEST(ScaledRowTest, rounds_to_the_nearest_multiple_of_the_scale_and_to_even_from_the_middle) {
  using V = std::vector<float>;
  EXPECT_EQ(row_of<std::int8_t>({127, 0.5f, 1.5f, -0.5f, -1.5f, 2.5f, 0.51f, -126.49f}),
            (V{127, 0, 2, 0, -2, 2, 1, -126}));
  EXPECT_EQ(row_of<std::int8_t>({0.25f, -254, 3}), (V{0, -254, 4}));  // the scale is 2
  EXPECT_EQ(row_of<std::int16_t>({32767, 0.5f, 1.5f, -32766.51f}), (V{32767, 0, 2, -32767}));
  EXPECT_EQ(row_of<std::int8_t>({0, -0.0f, 0}), (V{0, 0, 0}));
}

TEST(ScaledRowTest, does_not_depend_on_the_order_once_all_were_set_twice) {
  std::vector<float> values;
  for (int i = 0; i < 200; ++i) values.push_back(std::sin(float(i * i)) * float(i));
  EXPECT_EQ(row_of<std::int8_t>(values), row_of<std::int8_t>(values, true));
  EXPECT_EQ(row_of<std::int16_t>(values), row_of<std::int16_t>(values, true));
}

TEST(ScaledRowTest, takes_every_float) {
  const auto close = [](const std::vector<float>& values) {
    const std::vector<float> got = row_of<std::int8_t>(values);
    float largest = 0;
    for (float v : values) largest = std::max(largest, std::abs(v));
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_LE(std::abs(got[i] - values[i]), largest / 127 * 0.501f + std::numeric_limits<float>::denorm_min())
          << values[i];
  };
  close({std::numeric_limits<float>::max(), -1e38f, std::numeric_limits<float>::lowest()});
  close({std::numeric_limits<float>::min(), -std::numeric_limits<float>::min()});
  close({1e-43f, -3e-44f, std::numeric_limits<float>::denorm_min()});
}

TEST(ScaledRowTest, is_nan_if_a_weight_is_not_a_number_or_infinite) {
  for (float bad : {not_a_number, -not_a_number, infinity, -infinity})
    for (bool backwards : {false, true})
      for (float weight : row_of<std::int8_t>({1, bad, -3}, backwards)) EXPECT_TRUE(std::isnan(weight)) << bad;
}

template <class B>
class IntegerWeightsTest : public ::testing::Test {};
#if defined(INLAY_TEST_FEW_BACKENDS) || !INLAY_HAS_XSIMD || !INLAY_HAS_EIGEN
using IntegerBackends = ::testing::Types<OnDefault<std::int16_t>>;
#else
using IntegerBackends =  // the default backend has a longer test below
    ::testing::Types<EigenBackend<float, math::Accurate, std::int8_t>, StlBackend<float, math::Accurate, std::int16_t>,
                     VectorBackend<float, math::Accurate, std::int8_t>, OnLoops<std::int8_t>>;
#endif
TYPED_TEST_SUITE(IntegerWeightsTest, IntegerBackends);

TYPED_TEST(IntegerWeightsTest, give_what_rounded_weights_give) {
  using B = TypeParam;
  using F = default_backend;
  expect_rounded<ModelT<Dense<3, 5, F>>, ModelT<Dense<3, 5, B>>>("dense_3_5");
  expect_rounded<ModelT<Conv1D<4, 6, 3, 2, 1, F>>, ModelT<Conv1D<4, 6, 3, 2, 1, B>>>("conv1d_4_6_k3_d2");
  expect_rounded<ModelT<LSTM<3, 5, F>>, ModelT<LSTM<3, 5, B>>>("lstm_3_5");
}

TEST(IntegerLayersTest, give_what_rounded_weights_give) {
  using B = OnDefault<std::int8_t>;
  using F = default_backend;
  constexpr auto same = FeaturePadding::same;
  expect_rounded<ModelT<Conv1D<3, 20, 2, 1, 1, F>>, ModelT<Conv1D<3, 20, 2, 1, 1, B>>>("conv1d_3_20_k2");
  expect_rounded<ModelT<DepthwiseConv1D<6, 3, 2, F>>, ModelT<DepthwiseConv1D<6, 3, 2, B>>>("conv1d_6_6_k3_d2_g6");
  expect_rounded<ModelT<StridedConv1D<4, 6, 5, 3, 2, 1, F>>, ModelT<StridedConv1D<4, 6, 5, 3, 2, 1, B>>>(
      "conv1d_4_6_k5_s3_d2");
  expect_rounded<ModelT<ConvTranspose1D<3, 5, 4, 2, F>>, ModelT<ConvTranspose1D<3, 5, 4, 2, B>>>(
      "conv_transpose1d_3_5_k4_s2");
  expect_rounded<ModelT<Conv2D<3, 5, 7, 2, 4, 1, 1, same, F>>, ModelT<Conv2D<3, 5, 7, 2, 4, 1, 1, same, B>>>(
      "conv2d_3_5_f7_k2x4_same");
  expect_rounded<ModelT<LSTM<2, 17, F>>, ModelT<LSTM<2, 17, B>>>("lstm_2_17");
  expect_rounded<ModelT<GRU<2, 17, F>>, ModelT<GRU<2, 17, B>>>("gru_2_17");
  expect_rounded<ModelT<RNN<2, 17, F>>, ModelT<RNN<2, 17, B>>>("rnn_2_17");
}

TEST(IntegerModelTest, voices_in_one_call_give_what_each_gives_alone) {
  using Model = ModelT<LSTM<1, 20, OnDefault<std::int8_t>>, Dense<20, 1, OnDefault<std::int8_t>>>;
  const auto model = std::make_unique<Model>();
  model->load(std::filesystem::path(test_file("golden/torch/lstm20_dense.f32.json")));
  constexpr std::size_t frames = 100;
  std::vector<float> in[2], out[2], alone(frames);
  typename Model::State states[2];
  for (std::size_t v = 0; v < 2; ++v) {
    for (std::size_t t = 0; t < frames; ++t) in[v].push_back(std::sin(float(t * (v + 3)) * 0.1f));
    out[v].resize(frames);
    model->reset(states[v]);
  }
  const std::array<typename Model::State*, 2> voices{&states[0], &states[1]};
  const float* const ins[] = {in[0].data(), in[1].data()};
  float* const outs[] = {out[0].data(), out[1].data()};
  model->process(voices, ins, outs, frames);
  for (std::size_t v = 0; v < 2; ++v) {
    model->reset(states[0]);
    const float* const x[] = {in[v].data()};
    float* const y[] = {alone.data()};
    model->process(states[0], x, y, frames);
    EXPECT_EQ(alone, out[v]);
  }
}

TEST(IntegerModelTest, takes_a_quarter_of_the_memory) {
  using Model = ModelT<LSTM<1, 64>>;
  EXPECT_LT((ModelT<LSTM<1, 64, OnDefault<std::int8_t>>>::weight_bytes), Model::weight_bytes * 29 / 100);
  EXPECT_LT((ModelT<LSTM<1, 64, OnDefault<std::int16_t>>>::weight_bytes), Model::weight_bytes * 54 / 100);
}

TEST(IntegerModelTest, load_says_what_it_costs) {
  const std::filesystem::path file = test_file("../examples/amp/amp.json");
  ModelT<LSTM<1, 20, OnDefault<std::int8_t>>, Dense<20, 1, OnDefault<std::int8_t>>> bytes;
  ModelT<LSTM<1, 20, OnDefault<std::int16_t>>, Dense<20, 1, OnDefault<std::int16_t>>> words;
  const double of_bytes = bytes.load(file).check_error.value(), of_words = words.load(file).check_error.value();
  EXPECT_GT(of_bytes, 1e-3);
  EXPECT_LT(of_bytes, integer_lossy_bound<std::int8_t>);
  EXPECT_LT(of_words, 1e-4);
  RecordProperty("int8", std::to_string(of_bytes));
  RecordProperty("int16", std::to_string(of_words));
}

TEST(IntegerModelTest, smaller_weights_are_stored_with_a_smaller_scale) {
  Dense<2, 1, OnDefault<std::int8_t>> layer;
  const auto kernel = [&](float a, float b) {
    const float values[] = {a, b};
    ASSERT_TRUE(assign(layer, "kernel", values));
  };
  kernel(1000, 500);
  kernel(1, 0.25f);
  EXPECT_NEAR(layer.kernel().get(1), 0.25, 0.5 / 127);
  kernel(not_a_number, 1);
  EXPECT_TRUE(std::isnan(layer.kernel().get(0)));
  kernel(1, 0.25f);
  EXPECT_NEAR(layer.kernel().get(1), 0.25, 0.5 / 127);
}

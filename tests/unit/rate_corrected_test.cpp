// Recurrent layers at another sample rate, against PyTorch's cells with a delayed state.
#include <cmath>
#include <utility>
#include <vector>

#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

namespace {

/// Loads a golden file without its check, which is for another rate, sets that rate, and compares.
template <class Model>
void at_rate(const std::string& name, double rate, double tolerance = single_layer) {
  constexpr bool single = std::same_as<typename Model::scalar, float>;
  const std::string path = test_file("golden/rate_corrected/" + name + (single ? ".f32.json" : ".f64.json"));
  io::ModelFile file = io::read_model(std::filesystem::path(path));
  const io::Check check = std::exchange(file.check, std::nullopt).value();
  const auto model = std::make_unique<Model>();
  const auto state = std::make_unique<typename Model::State>();
  io::fill_model(*model, file);
  ASSERT_TRUE(model->set_sample_rate(rate, 48000));
  expect_golden(io::runnable(*model, *state), 1, check, single ? tolerance : 1e-12);
}

template <class B>
class RateCorrectedTest : public ::testing::Test {};
TYPED_TEST_SUITE(RateCorrectedTest, OneBackend);

}  // namespace

TYPED_TEST(RateCorrectedTest, lstm_at_twice_the_rate) {
  at_rate<ModelT<RateCorrected<LSTM<1, 8, TypeParam>>>>("lstm_1_8_at_96000_order_3", 96000);
}
TYPED_TEST(RateCorrectedTest, lstm_a_little_above) {
  at_rate<ModelT<RateCorrected<LSTM<2, 17, TypeParam>>>>("lstm_2_17_at_52235_order_3", 52235, stack);
}
TYPED_TEST(RateCorrectedTest, lstm_linear) {
  at_rate<ModelT<RateCorrected<LSTM<1, 8, TypeParam>, 4, 1>>>("lstm_1_8_at_176400_order_1", 176400);
}
TYPED_TEST(RateCorrectedTest, gru_between_frames) {
  at_rate<ModelT<RateCorrected<GRU<1, 8, TypeParam>>>>("gru_1_8_at_88200_order_3", 88200, stack);
}
TYPED_TEST(RateCorrectedTest, gru_whole_frames_only) {
  at_rate<ModelT<RateCorrected<GRU<3, 5, TypeParam>, 4, 0>>>("gru_3_5_at_192000_order_0", 192000);
}
TYPED_TEST(RateCorrectedTest, gru_fifth_order) {
  at_rate<ModelT<RateCorrected<GRU<1, 8, TypeParam>, 2, 5>>>("gru_1_8_at_88200_order_5", 88200, stack);
}
TYPED_TEST(RateCorrectedTest, rnn_second_order) {
  at_rate<ModelT<RateCorrected<RNN<2, 17, TypeParam>, 4, 2>>>("rnn_2_17_at_176400_order_2", 176400, stack);
}

namespace {

std::vector<float> sine(std::size_t frames, double step) {
  std::vector<float> x(frames);
  for (std::size_t t = 0; t < frames; ++t) x[t] = static_cast<float>(0.8 * std::sin(double(t) * step));
  return x;
}

using Plain = ModelT<LSTM<1, 20>, Dense<20, 1>>;
using Corrected = ModelT<RateCorrected<LSTM<1, 20>>, Dense<20, 1>>;
const std::filesystem::path file = test_file("golden/torch/lstm20_dense.f32.json");

}  // namespace

TEST(RateCorrection, at_the_trained_rate_nothing_is_changed) {
  Plain plain;
  Corrected corrected;
  plain.load(file);
  corrected.load(file);
  for (float x : sine(300, 0.1)) ASSERT_EQ(corrected.forward(x), plain.forward(x));
}

TEST(RateCorrection, at_a_whole_ratio_there_are_so_many_networks_side_by_side) {
  Plain even, odd;
  Corrected both;
  even.load(file);
  odd.load(file);
  both.load(file);
  ASSERT_TRUE(both.set_sample_rate(96000, 48000));
  const std::vector<float> x = sine(300, 0.1), y = sine(300, 0.23);
  for (std::size_t t = 0; t < x.size(); ++t) {
    ASSERT_EQ(both.forward(x[t]), even.forward(x[t]));
    ASSERT_EQ(both.forward(y[t]), odd.forward(y[t]));
  }
}

TEST(RateCorrection, a_reset_forgets) {
  Corrected model;
  model.load(file);
  ASSERT_TRUE(model.set_sample_rate(88200, 48000));
  std::vector<float> first, second;
  for (float x : sine(50, 0.1)) first.push_back(model.forward(x));
  model.reset();
  for (float x : sine(50, 0.1)) second.push_back(model.forward(x));
  EXPECT_EQ(first, second);
}

TEST(RateCorrection, rates_that_cannot_be_are_refused_and_change_nothing) {
  Corrected model, other;
  model.load(file);
  other.load(file);
  ASSERT_TRUE(model.set_sample_rate(96000, 48000));
  ASSERT_TRUE(other.set_sample_rate(96000, 48000));
  EXPECT_FALSE(model.set_sample_rate(44100, 48000));
  EXPECT_FALSE(model.set_sample_rate(48000 * 8.01, 48000));
  EXPECT_FALSE(model.set_sample_rate(std::nan(""), 48000));
  EXPECT_FALSE(model.set_sample_rate(48000, 0));
  EXPECT_FALSE(model.set_sample_rate(-96000, 48000));
  for (float x : sine(50, 0.1)) ASSERT_EQ(model.forward(x), other.forward(x));
  EXPECT_TRUE(model.set_sample_rate(48000 * 8, 48000));
}

TEST(RateCorrection, what_looks_back_and_is_not_corrected_is_refused) {
  const auto goes_to_96k = [](auto model) { return model.set_sample_rate(96000, 48000); };
  EXPECT_FALSE(goes_to_96k(Plain{}));
  EXPECT_TRUE(Plain{}.set_sample_rate(48000, 48000));
  EXPECT_TRUE(goes_to_96k(ModelT<Residual<RateCorrected<GRU<1, 8>>, Dense<8, 1>>, Tanh<1>>{}));
  EXPECT_FALSE(goes_to_96k(ModelT<Residual<GRU<1, 8>, Dense<8, 1>>>{}));
  EXPECT_FALSE((goes_to_96k(ModelT<RateCorrected<GRU<1, 8>>, Conv1D<8, 1, 3>>{})));
  EXPECT_FALSE((goes_to_96k(ModelT<RateCorrected<GRU<1, 8>>, StridedConv1D<8, 1, 1, 2>>{})));
  EXPECT_TRUE((goes_to_96k(ModelT<RateCorrected<GRU<1, 8>>, Conv1D<8, 1, 1>>{})));
}

TEST(RateCorrection, loading_goes_back_to_the_trained_rate) {
  Plain plain;
  Corrected corrected;
  plain.load(file);
  corrected.load(file);
  ASSERT_TRUE(corrected.set_sample_rate(96000, 48000));
  corrected.load(file);
  for (float x : sine(50, 0.1)) ASSERT_EQ(corrected.forward(x), plain.forward(x));
}

TEST(RateCorrection, as_the_guide_has_it) {
  const double host_rate = 96000;
  const auto refuse_to_play = [] { FAIL(); };
  ModelT<RateCorrected<LSTM<1, 20>>, Dense<20, 1>> amp;
  const ModelInfo info = amp.load(file);
  if (!amp.set_sample_rate(host_rate, info.sample_rate.value_or(48000))) refuse_to_play();
}

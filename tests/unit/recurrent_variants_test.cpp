// MinGRU, ProjectedLSTM and trained initial states against PyTorch.
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

template <class B>
class RecurrentVariantsTest : public ::testing::Test {};
TYPED_TEST_SUITE(RecurrentVariantsTest, TwoBackends);

template <class B>
class LargeRecurrentVariantsTest : public ::testing::Test {};
TYPED_TEST_SUITE(LargeRecurrentVariantsTest, OneBackend);

TYPED_TEST(RecurrentVariantsTest, min_gru) {
  using Model = ModelT<MinGRU<3, 5, TypeParam>>;
  static_assert(Model::parameters == 2 * 5 * (3 + 1) && MinGRU<3, 5, TypeParam>::macs == 2 * 5 * 3);
  golden<Model>("min_gru_3_5", single_layer);
}
TYPED_TEST(LargeRecurrentVariantsTest, min_gru_of_whole_registers) {
  golden<ModelT<MinGRU<2, 16, TypeParam>>>("min_gru_2_16", single_layer);
}
TYPED_TEST(LargeRecurrentVariantsTest, min_gru_with_positive_candidate) {
  golden<ModelT<PositiveMinGRU<1, 17, TypeParam>>>("min_gru_positive_1_17", single_layer);
}
TYPED_TEST(LargeRecurrentVariantsTest, min_gru_from_a_trained_state) {
  golden<ModelT<InitialState<MinGRU<2, 5, TypeParam>>>>("min_gru_initial_2_5", single_layer);
}

TYPED_TEST(RecurrentVariantsTest, projected_lstm) {
  using Projected = ProjectedLSTM<3, 9, 5, TypeParam>;
  static_assert(Projected::macs == 4 * 9 * (3 + 5) + 9 * 5 && Projected::parameters == Projected::macs + 4 * 9);
  golden<ModelT<Projected>>("projected_lstm_3_9_5", single_layer);
}
TYPED_TEST(LargeRecurrentVariantsTest, projected_lstm_of_several_panels) {
  golden<ModelT<ProjectedLSTM<1, 33, 8, TypeParam>>>("projected_lstm_1_33_8", single_layer);
}

TYPED_TEST(LargeRecurrentVariantsTest, initial_states) {
  using B = TypeParam;
  using Model = ModelT<InitialState<LSTM<2, 5, B>>>;
  static_assert(Model::parameters == ModelT<LSTM<2, 5, B>>::parameters + 10);
  golden<Model>("lstm_initial_2_5", single_layer);
  golden<ModelT<InitialState<ProjectedLSTM<2, 6, 3, B>>>>("projected_lstm_initial_2_6_3", single_layer);
  golden<ModelT<InitialState<GRU<2, 5, B>>>>("gru_initial_2_5", single_layer);
  golden<ModelT<InitialState<RNN<2, 5, B>>>>("rnn_initial_2_5", single_layer);
}

// A file without initial states fits as well: the layer then starts from zeros.
TEST(RecurrentVariantsTest, an_initial_state_is_optional) {
  golden<ModelT<InitialState<LSTM<3, 5>>>>("lstm_3_5", single_layer);
}

// The last state of one signal is not the first of the next.
TEST(RecurrentVariantsTest, a_reset_restores_the_initial_state) {
  ModelT<InitialState<MinGRU<2, 5>>> model;
  model.load(std::filesystem::path(test_file("golden/torch/min_gru_initial_2_5.f32.json")));
  const std::array<float, 2> x{0.5f, -0.25f};
  std::array<float, 5> first{}, later{}, again{};
  model.forward(x, first);
  model.forward(x, later);
  model.reset();
  model.forward(x, again);
  EXPECT_EQ(first, again);
  EXPECT_NE(first, later);
}

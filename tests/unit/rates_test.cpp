// Layers that change the rate, and windows, against PyTorch: number, times and values of the output frames.
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

template <class B>
class RatesTest : public ::testing::Test {};
TYPED_TEST_SUITE(RatesTest, OneBackend);

TYPED_TEST(RatesTest, strided_convolution) {
  using B = TypeParam;
  using Model = ModelT<StridedConv1D<4, 6, 5, 3, 2, 1, B>>;
  static_assert(Model::rate == Rate{3, 1} && Model::warmup_frames == 8 && Model::latency() == 0 &&
                Model::max_frames_per_input == 1);
  golden<Model>("conv1d_4_6_k5_s3_d2", single_layer);
  golden<ModelT<StridedConv1D<1, 16, 12, 12, 1, 1, B>>>("conv1d_1_16_k12_s12", single_layer);
  golden<ModelT<StridedConv1D<6, 6, 3, 2, 1, 3, B>>>("conv1d_6_6_k3_s2_g3", single_layer);
  golden<ModelT<StridedConv1D<3, 20, 1, 4, 1, 1, B>>>("conv1d_3_20_k1_s4", single_layer);
  golden<ModelT<StridedConv1D<2, 3, 40, 7, 2, 1, B>>>("conv1d_2_3_k40_s7_d2", single_layer);
}
TYPED_TEST(RatesTest, transposed_convolution) {
  using B = TypeParam;
  using Model = ModelT<ConvTranspose1D<3, 5, 4, 2, B>>;
  static_assert(Model::rate == Rate{1, 2} && Model::max_frames_per_input == 2 && Model::max_output_frames(10) == 20);
  static_assert(Model::parameters == 4 * 3 * 5 + 5);
  golden<Model>("conv_transpose1d_3_5_k4_s2", single_layer);
  golden<ModelT<ConvTranspose1D<4, 1, 7, 3, B>>>("conv_transpose1d_4_1_k7_s3", single_layer);
  golden<ModelT<ConvTranspose1D<2, 17, 3, 5, B>>>("conv_transpose1d_2_17_k3_s5", single_layer);
}
TYPED_TEST(RatesTest, pools) {
  using B = TypeParam;
  golden<ModelT<MaxPool1D<5, 3, 2, B>>>("max_pool1d_5_k3_s2", single_layer);
  golden<ModelT<AvgPool1D<5, 4, 4, B>>>("avg_pool1d_5_k4_s4", single_layer);
  golden<ModelT<MaxPool1D<2, 90, 1, B>>>("max_pool1d_2_k90_s1", single_layer);
}
TYPED_TEST(RatesTest, down_and_up_again) {
  using B = TypeParam;
  using Model = ModelT<StridedConv1D<1, 8, 4, 4, 1, 1, B>, Tanh<8, B>, StridedConv1D<8, 8, 2, 2, 1, 1, B>, Tanh<8, B>,
                       ConvTranspose1D<8, 1, 16, 8, B>>;
  static_assert(Model::rate == Rate{1, 1} && !Model::one_to_one && Model::max_frames_per_input == 8 &&
                Model::warmup_frames == 7);
  static_assert(Model::receptive_field == 1 + 3 + 4 + 8);
  golden<Model>("down_up", stack);
}
TYPED_TEST(RatesTest, windows) {
  using B = TypeParam;
  using Model = ModelT<Windowed<10, 3, Dense<2, 5, B>, GRU<5, 5, B>, Dense<5, 2, B>>>;
  static_assert(Model::rate == Rate{3, 1} && Model::receptive_field == 10);
  golden<Model>("windowed", stack);
  golden<ModelT<Windowed<100, 7, Conv1D<1, 4, 3, 1, 1, B>, LSTM<4, 3, B>>>>("windowed_long", stack);
}
TYPED_TEST(RatesTest, hnn_11k) {
  using B = TypeParam;
  using Hnn = ModelT<Windowed<150, 150, TimePad<1, 12, 12, B>, StridedConv1D<1, 16, 12, 12, 1, 1, B>, ReLU<16, B>,
                              TimePad<16, 12, 12, B>, StridedConv1D<16, 16, 12, 12, 1, 1, B>, ReLU<16, B>,
                              LSTM<16, 36, B>, Dense<36, 1, B>>>;
  static_assert(Hnn::parameters == 11109 - 4 * 36);  // PyTorch's LSTM has two biases; inlay's has their sum
  golden<Hnn>("hnn_11k", stack);
}

// Output frames come as early as possible, at the documented times.
TEST(RatesTest, a_stride_counts_from_reset) {
  ModelT<StridedConv1D<1, 1, 3, 4>> model;
  std::array<float, 1> out{};
  for (int run = 0; run < 2; ++run) {
    for (std::size_t t = 0; t < 20; ++t)
      EXPECT_EQ(model.forward(std::array<float, 1>{1.0f}, out), t % 4 == 2 ? 1u : 0u) << t;  // (t - 2) mod 4 == 0
    model.reset();
  }
}

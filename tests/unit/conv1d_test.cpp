// Conv1D against PyTorch's Conv1d.
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

template <class B>
class Conv1DTest : public ::testing::Test {};
TYPED_TEST_SUITE(Conv1DTest, TwoBackends);

template <class B>
class MoreConv1DTest : public ::testing::Test {};
TYPED_TEST_SUITE(MoreConv1DTest, TwoBackends);

TYPED_TEST(MoreConv1DTest, one_to_four) {
  golden<ModelT<Conv1D<1, 4, 3, 1, 1, TypeParam>>>("conv1d_1_4_k3", single_layer);
}
TYPED_TEST(Conv1DTest, dilated) { golden<ModelT<Conv1D<4, 6, 3, 2, 1, TypeParam>>>("conv1d_4_6_k3_d2", single_layer); }
TYPED_TEST(Conv1DTest, grouped_and_dilated) {
  golden<ModelT<Conv1D<6, 6, 3, 4, 3, TypeParam>>>("conv1d_6_6_k3_d4_g3", single_layer);
}
TYPED_TEST(MoreConv1DTest, depthwise) {
  golden<ModelT<DepthwiseConv1D<6, 3, 2, TypeParam>>>("conv1d_6_6_k3_d2_g6", single_layer);
}
TYPED_TEST(MoreConv1DTest, depthwise_with_more_channels_than_a_frame_has_room_behind) {
  golden<ModelT<DepthwiseConv1D<16, 3, 1, TypeParam>>>("conv1d_16_16_k3_g16", single_layer);
}
TYPED_TEST(MoreConv1DTest, far_back) {
  golden<ModelT<Conv1D<8, 8, 5, 16, 1, TypeParam>>>("conv1d_8_8_k5_d16", single_layer);
}
TYPED_TEST(MoreConv1DTest, two_taps_to_twenty) {
  golden<ModelT<Conv1D<3, 20, 2, 1, 1, TypeParam>>>("conv1d_3_20_k2", single_layer);
}
TYPED_TEST(MoreConv1DTest, one_tap) { golden<ModelT<Conv1D<2, 2, 1, 1, 1, TypeParam>>>("conv1d_2_2_k1", single_layer); }
TYPED_TEST(MoreConv1DTest, square) {
  golden<ModelT<Conv1D<16, 16, 3, 1, 1, TypeParam>>>("conv1d_16_16_k3", single_layer);
}
TYPED_TEST(MoreConv1DTest, without_bias) {
  golden<ModelT<Conv1DNoBias<5, 7, 4, 1, 1, TypeParam>>>("conv1d_5_7_k4_nobias", single_layer);
}
TYPED_TEST(MoreConv1DTest, unpadded_starts_later) {
  golden<ModelT<Conv1DNoBias<5, 7, 4, 1, 1, TypeParam>>>("conv1d_5_7_k4_nobias_unpadded", single_layer);
}

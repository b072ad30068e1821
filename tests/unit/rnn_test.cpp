// RNN against PyTorch's, with both of its nonlinearities.
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

template <class B>
class RNNTest : public ::testing::Test {};
TYPED_TEST_SUITE(RNNTest, OneBackend);

// Types that take long to compile.
template <class B>
class LargeRNNTest : public ::testing::Test {};
TYPED_TEST_SUITE(LargeRNNTest, OneBackend);

TYPED_TEST(LargeRNNTest, in_1_units_8) { golden<ModelT<RNN<1, 8, TypeParam>>>("rnn_1_8", single_layer); }
TYPED_TEST(RNNTest, in_3_units_5) { golden<ModelT<RNN<3, 5, TypeParam>>>("rnn_3_5", single_layer); }
TYPED_TEST(LargeRNNTest, in_1_units_20) { golden<ModelT<RNN<1, 20, TypeParam>>>("rnn_1_20", single_layer); }
TYPED_TEST(LargeRNNTest, in_2_units_17) { golden<ModelT<RNN<2, 17, TypeParam>>>("rnn_2_17", single_layer); }
TYPED_TEST(LargeRNNTest, in_16_units_33) { golden<ModelT<RNN<16, 33, TypeParam>>>("rnn_16_33", single_layer); }
TYPED_TEST(LargeRNNTest, in_40_units_40) { golden<ModelT<RNN<40, 40, TypeParam>>>("rnn_40_40", single_layer); }
TYPED_TEST(RNNTest, relu_in_3_units_5) { golden<ModelT<ReLURNN<3, 5, TypeParam>>>("rnn_relu_3_5", single_layer); }
TYPED_TEST(LargeRNNTest, relu_in_2_units_17) {
  golden<ModelT<ReLURNN<2, 17, TypeParam>>>("rnn_relu_2_17", single_layer);
}
TYPED_TEST(LargeRNNTest, relu_in_16_units_33) {
  golden<ModelT<ReLURNN<16, 33, TypeParam>>>("rnn_relu_16_33", single_layer);
}

TYPED_TEST(LargeRNNTest, a_file_of_the_other_activation_is_refused) {
  ModelT<RNN<3, 5, TypeParam>> model;
  try {
    model.load(test_file("golden/torch/rnn_relu_3_5.f32.json"));
    FAIL();
  } catch (const load_error& error) {
    EXPECT_EQ(error.place(), "layers[0].activation");
    EXPECT_EQ(error.found(), "\"relu\"");
  }
}

// Dense against PyTorch's Linear.
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

template <class B>
class DenseTest : public ::testing::Test {};
TYPED_TEST_SUITE(DenseTest, EachBackend);

template <class B>
class MoreDenseTest : public ::testing::Test {};
TYPED_TEST_SUITE(MoreDenseTest, EachBackend);

TYPED_TEST(DenseTest, three_to_five) { golden<ModelT<Dense<3, 5, TypeParam>>>("dense_3_5", single_layer); }
TYPED_TEST(MoreDenseTest, square) { golden<ModelT<Dense<16, 16, TypeParam>>>("dense_16_16", single_layer); }
TYPED_TEST(MoreDenseTest, to_one) { golden<ModelT<Dense<20, 1, TypeParam>>>("dense_20_1", single_layer); }
TYPED_TEST(MoreDenseTest, from_one) { golden<ModelT<Dense<1, 17, TypeParam>>>("dense_1_17", single_layer); }
TYPED_TEST(MoreDenseTest, without_bias) {
  golden<ModelT<DenseNoBias<4, 4, TypeParam>>>("dense_4_4_nobias", single_layer);
}
TYPED_TEST(MoreDenseTest, with_bias_from_file_without) {
  golden<ModelT<Dense<4, 4, TypeParam>>>("dense_4_4_nobias", single_layer);
}

// GRU against PyTorch's.
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

template <class B>
class GRUTest : public ::testing::Test {};
TYPED_TEST_SUITE(GRUTest, TwoBackends);

// Types that take long to compile.
template <class B>
class LargeGRUTest : public ::testing::Test {};
TYPED_TEST_SUITE(LargeGRUTest, OneBackend);

TYPED_TEST(LargeGRUTest, in_1_units_8) { golden<ModelT<GRU<1, 8, TypeParam>>>("gru_1_8", single_layer); }
TYPED_TEST(GRUTest, in_3_units_5) { golden<ModelT<GRU<3, 5, TypeParam>>>("gru_3_5", single_layer); }
TYPED_TEST(LargeGRUTest, in_1_units_20) { golden<ModelT<GRU<1, 20, TypeParam>>>("gru_1_20", single_layer); }
TYPED_TEST(LargeGRUTest, in_2_units_17) { golden<ModelT<GRU<2, 17, TypeParam>>>("gru_2_17", single_layer); }
TYPED_TEST(LargeGRUTest, in_16_units_33) { golden<ModelT<GRU<16, 33, TypeParam>>>("gru_16_33", single_layer); }
TYPED_TEST(LargeGRUTest, in_40_units_40) { golden<ModelT<GRU<40, 40, TypeParam>>>("gru_40_40", single_layer); }
TYPED_TEST(LargeGRUTest, reset_before_as_in_keras) {
  keras_golden<ModelT<ResetBeforeGRU<2, 8, TypeParam>, Dense<8, 1, TypeParam>>>("gru_reset_before");
}

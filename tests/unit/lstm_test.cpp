// LSTM against PyTorch's.
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

template <class B>
class LSTMTest : public ::testing::Test {};
TYPED_TEST_SUITE(LSTMTest, TwoBackends);

// Types that take long to compile.
template <class B>
class LargeLSTMTest : public ::testing::Test {};
TYPED_TEST_SUITE(LargeLSTMTest, OneBackend);

TYPED_TEST(LargeLSTMTest, in_1_units_8) { golden<ModelT<LSTM<1, 8, TypeParam>>>("lstm_1_8", single_layer); }
TYPED_TEST(LSTMTest, in_3_units_5) { golden<ModelT<LSTM<3, 5, TypeParam>>>("lstm_3_5", single_layer); }
TYPED_TEST(LargeLSTMTest, in_1_units_20) { golden<ModelT<LSTM<1, 20, TypeParam>>>("lstm_1_20", single_layer); }
TYPED_TEST(LargeLSTMTest, in_2_units_17) { golden<ModelT<LSTM<2, 17, TypeParam>>>("lstm_2_17", single_layer); }
TYPED_TEST(LargeLSTMTest, in_16_units_33) { golden<ModelT<LSTM<16, 33, TypeParam>>>("lstm_16_33", single_layer); }
TYPED_TEST(LargeLSTMTest, in_40_units_40) { golden<ModelT<LSTM<40, 40, TypeParam>>>("lstm_40_40", single_layer); }
TYPED_TEST(LargeLSTMTest, hard_sigmoid_gates_as_in_keras) {
  keras_golden<ModelT<HardSigmoidLSTM<1, 8, TypeParam>, Dense<8, 1, TypeParam>>>("lstm_hardsig");
}

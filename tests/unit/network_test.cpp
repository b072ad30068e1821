// Stacks of layers against PyTorch and Keras.
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

// Other tests run each layer on each backend; this one tests combinations of layers.
template <class B>
class NetworkTest : public ::testing::Test {};
TYPED_TEST_SUITE(NetworkTest, OneBackend);

TYPED_TEST(NetworkTest, lstm_dense) {
  using B = TypeParam;
  golden<ModelT<LSTM<1, 20, B>, Dense<20, 1, B>>>("lstm20_dense", stack);
  keras_golden<ModelT<LSTM<1, 20, B>, Dense<20, 1, B>>>("lstm_dense");
}
TYPED_TEST(NetworkTest, two_grus) {
  using B = TypeParam;
  golden<ModelT<GRU<1, 16, B>, GRU<16, 8, B>, Dense<8, 1, B>>>("gru16_gru8_dense", stack);
}
TYPED_TEST(NetworkTest, convolutions_with_batchnorm) {
  using B = TypeParam;
  golden<ModelT<Conv1D<1, 8, 3, 1, 1, B>, Tanh<8, B>, Conv1D<8, 8, 3, 4, 1, B>, PReLU<8, B>, BatchNorm1D<8, B>,
                Dense<8, 2, B>>>("conv_stack", stack);
}
TYPED_TEST(NetworkTest, dense_layers) {
  using B = TypeParam;
  golden<ModelT<Dense<3, 8, B>, Tanh<8, B>, Dense<8, 6, B>, ReLU<6, B>, Dense<6, 4, B>, ELU<4, B>, Softmax<4, B>>>(
      "dense_mlp", stack);
}
TYPED_TEST(NetworkTest, dense_convolution_and_gru) {
  using B = TypeParam;
  using M = ModelT<Dense<1, 8, B>, Tanh<8, B>, Conv1D<8, 4, 3, 2, 1, B>, Tanh<4, B>, GRU<4, 8, B>, Dense<8, 1, B>>;
  golden<M>("mixed", stack);
  keras_golden<M>("full");
}
TYPED_TEST(NetworkTest, dilated_convolutions) {
  using B = TypeParam;
  using M =
      ModelT<Conv1D<1, 4, 3, 1, 1, B>, Conv1D<4, 4, 3, 4, 1, B>, Conv1D<4, 4, 3, 16, 1, B>, Conv1D<4, 4, 3, 64, 1, B>>;
  static_assert(M::receptive_field == 1 + 2 * (1 + 4 + 16 + 64));
  golden<M>("deep_conv", stack);
  golden<M>("deep_conv_unpadded", stack);
}

TEST(KerasNetworkTest, dense_stack) {
  keras_golden<ModelT<Dense<3, 8>, Tanh<8>, Dense<8, 6>, ReLU<6>, Dense<6, 5>, Sigmoid<5>, Dense<5, 4>, ELU<4>,
                      Dense<4, 4>, Softmax<4>, Dense<4, 2>>>("dense_stack");
}
TEST(KerasNetworkTest, conv_causal) {
  keras_golden<ModelT<Conv1D<1, 8, 3>, Tanh<8>, Conv1D<8, 8, 3, 4>, ReLU<8>, Conv1D<8, 6, 5, 16>, Dense<6, 1>>>(
      "conv_causal");
}
TEST(KerasNetworkTest, conv_grouped) {
  keras_golden<ModelT<Conv1D<6, 6, 3, 1, 3>, PReLU<6>, Dense<6, 2>>>("conv_grouped");
}
TEST(KerasNetworkTest, conv_valid) { keras_golden<ModelT<Conv1D<2, 4, 5>, Tanh<4>, Dense<4, 1>>>("conv_valid"); }
TEST(KerasNetworkTest, lstm_cond) { keras_golden<ModelT<LSTM<3, 12>, LSTM<12, 7>, Dense<7, 2>>>("lstm_cond"); }
TEST(KerasNetworkTest, gru_dense) { keras_golden<ModelT<GRU<1, 16>, Dense<16, 1>>>("gru_dense"); }
TEST(KerasNetworkTest, gru_cond) { keras_golden<ModelT<GRU<2, 9>, GRU<9, 8>, Dense<8, 1>>>("gru_cond"); }
TEST(KerasNetworkTest, td_dense) { keras_golden<ModelT<GRU<2, 8>, Dense<8, 8>, Tanh<8>, Dense<8, 1>>>("td_dense"); }
TEST(KerasNetworkTest, bn_prelu) {
  keras_golden<ModelT<Dense<4, 8>, BatchNorm1D<8>, PReLU<8>, Dense<8, 8>, LeakyReLU<8>, Dense<8, 1>>>("bn_prelu");
}

TEST(MixedBackendTest, layers_of_different_backends_work_together) {
  using S = StlBackend<float>;
  using L = LoopBackend<float>;
#if INLAY_HAS_EIGEN
  using E = EigenBackend<float>;
#else
  using E = S;
#endif
  golden<ModelT<Dense<1, 8, E>, Tanh<8, L>, Conv1D<8, 4, 3, 2, 1, S>, Tanh<4, E>, GRU<4, 8>, Dense<8, 1, L>>>("mixed",
                                                                                                              stack);
}

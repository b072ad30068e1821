// Pointwise layers, Softmax and BatchNorm1D against PyTorch.
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

template <class B>
class ActivationTest : public ::testing::Test {};
TYPED_TEST_SUITE(ActivationTest, OneBackend);

TYPED_TEST(ActivationTest, tanh) { golden<ModelT<Tanh<3, TypeParam>>>("tanh_3", single_layer); }
TYPED_TEST(ActivationTest, sigmoid) { golden<ModelT<Sigmoid<3, TypeParam>>>("sigmoid_3", single_layer); }
TYPED_TEST(ActivationTest, hard_sigmoid) { golden<ModelT<HardSigmoid<3, TypeParam>>>("hard_sigmoid_3", single_layer); }
TYPED_TEST(ActivationTest, relu) { golden<ModelT<ReLU<3, TypeParam>>>("relu_3", single_layer); }
TYPED_TEST(ActivationTest, leaky_relu) { golden<ModelT<LeakyReLU<3, TypeParam>>>("leaky_relu_3", single_layer); }
TYPED_TEST(ActivationTest, elu) { golden<ModelT<ELU<3, TypeParam>>>("elu_3", single_layer); }
TYPED_TEST(ActivationTest, softplus) { golden<ModelT<Softplus<3, TypeParam>>>("softplus_3", single_layer); }
TYPED_TEST(ActivationTest, silu) { golden<ModelT<SiLU<3, TypeParam>>>("silu_3", single_layer); }
TYPED_TEST(ActivationTest, gelu) { golden<ModelT<GELU<3, TypeParam>>>("gelu_3", single_layer); }
TYPED_TEST(ActivationTest, tanh_gelu) { golden<ModelT<TanhGELU<3, TypeParam>>>("gelu_tanh_3", single_layer); }
TYPED_TEST(ActivationTest, hardtanh) { golden<ModelT<Hardtanh<3, TypeParam>>>("hardtanh_3", single_layer); }
TYPED_TEST(ActivationTest, relu6_as_hardtanh) { golden<ModelT<Hardtanh<3, TypeParam>>>("relu6_3", single_layer); }
TYPED_TEST(ActivationTest, leaky_hardtanh) {
  golden<ModelT<LeakyHardtanh<3, TypeParam>>>("leaky_hardtanh_3", single_layer);
}
TYPED_TEST(ActivationTest, hardswish) { golden<ModelT<HardSwish<3, TypeParam>>>("hardswish_3", single_layer); }
TYPED_TEST(ActivationTest, softsign) { golden<ModelT<Softsign<3, TypeParam>>>("softsign_3", single_layer); }
TYPED_TEST(ActivationTest, fast_tanh) { golden<ModelT<FastTanh<3, TypeParam>>>("fast_tanh_3", single_layer); }
TYPED_TEST(ActivationTest, scale) { golden<ModelT<Scale<3, TypeParam>>>("scale_3", single_layer); }
TYPED_TEST(ActivationTest, snake) { golden<ModelT<Snake<5, TypeParam>>>("snake_5", single_layer); }
TYPED_TEST(ActivationTest, softmax) { golden<ModelT<Softmax<5, TypeParam>>>("softmax_5", single_layer); }
TYPED_TEST(ActivationTest, softmax_of_more_than_a_register) {
  golden<ModelT<Softmax<17, TypeParam>>>("softmax_17", single_layer);
}
TYPED_TEST(ActivationTest, prelu_per_channel) { golden<ModelT<PReLU<6, TypeParam>>>("prelu_6", single_layer); }
TYPED_TEST(ActivationTest, prelu_shared) { golden<ModelT<SharedPReLU<6, TypeParam>>>("prelu_6_one", single_layer); }
TYPED_TEST(ActivationTest, batchnorm1d) { golden<ModelT<BatchNorm1D<6, TypeParam>>>("batchnorm1d_6", single_layer); }
TYPED_TEST(ActivationTest, batchnorm1d_without_gamma_and_beta) {
  golden<ModelT<BatchNorm1D<6, TypeParam>>>("batchnorm1d_6_plain", single_layer);
}

// On one backend here, in fixed sizes; every_backend_test has all of them in dynamic sizes.
template <class B>
class MoreActivationTest : public ::testing::Test {};
TYPED_TEST_SUITE(MoreActivationTest, OneBackend);

TYPED_TEST(MoreActivationTest, selu) { golden<ModelT<SELU<3, TypeParam>>>("selu_3", single_layer); }
TYPED_TEST(MoreActivationTest, mish) { golden<ModelT<Mish<3, TypeParam>>>("mish_3", single_layer); }
TYPED_TEST(MoreActivationTest, sine) { golden<ModelT<Sine<3, TypeParam>>>("sine_3", single_layer); }
TYPED_TEST(MoreActivationTest, snake_with_beta) {
  golden<ModelT<SnakeBeta<5, TypeParam>>>("snake_beta_5", single_layer);
}
TYPED_TEST(MoreActivationTest, affine) { golden<ModelT<Affine<5, TypeParam>>>("affine_5", single_layer); }
TYPED_TEST(MoreActivationTest, affine_shared) {
  golden<ModelT<SharedAffine<5, TypeParam>>>("affine_5_one", single_layer);
}
TYPED_TEST(MoreActivationTest, elementary_functions) {
  using B = TypeParam;
  golden<ModelT<Abs<3, B>, Sqrt<3, B>, Exp<3, B>, Square<3, B>>>("elementary_3", single_layer);
}
TYPED_TEST(MoreActivationTest, rational_per_channel) {
  golden<ModelT<Rational<5, 2, 2, TypeParam>>>("rational_5", single_layer);
}
TYPED_TEST(MoreActivationTest, rational_shared) {
  golden<ModelT<SharedRational<17, 5, 4, TypeParam>>>("rational_17_one", single_layer);
}
TYPED_TEST(MoreActivationTest, rational_of_version_b) {
  golden<ModelT<BasicRational<3, 1, 3, 3, RationalB, TypeParam>>>("rational_3_b", single_layer);
}

// Conv2D, DepthwiseConv2D and BatchNorm2D against PyTorch's Conv2d and BatchNorm2d, and against Keras.
#include <algorithm>
#include <memory>

#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

namespace {

constexpr auto valid = FeaturePadding::valid, same = FeaturePadding::same;

static_assert(Layer<Conv2D<3, 5, 7, 3, 3>> && Layer<DepthwiseConv2D<3, 7, 3, 3>> && Layer<BatchNorm2D<3, 5>>);

using Plain = Conv2D<3, 5, 7, 3, 3, 4>;
static_assert(Plain::in_size == 21 && Plain::out_features == 5 && Plain::out_size == 25);
static_assert(Plain::receptive_field == 9);
static_assert(Plain::parameters == 3 * 3 * 3 * 5 + 5 && Plain::macs == 5 * 3 * 3 * 3 * 5);
static_assert(Conv2DNoBias<3, 5, 7, 3, 3, 4>::parameters == 3 * 3 * 3 * 5);
static_assert(Conv2D<3, 5, 7, 1, 3>::receptive_field == 1);

using Depthwise = DepthwiseConv2D<3, 7, 3, 3, 4>;
static_assert(Depthwise::in_size == 21 && Depthwise::out_size == 15 && Depthwise::receptive_field == 9);
static_assert(Depthwise::parameters == 3 * 3 * 3 + 3 && Depthwise::macs == 3 * 3 * 15);

// Features after the last whole step are not used.
static_assert(Conv2D<1, 1, 10, 1, 3, 1, 2>::out_features == 4 && Conv2D<1, 1, 9, 1, 3, 1, 2>::out_features == 4);
static_assert(Conv2D<1, 1, 3, 1, 3, 1, 2>::out_features == 1);

// Padding as in TensorFlow's documentation: ceil(features / stride) positions; an odd zero is added at the end.
constexpr bool padded_like(std::size_t features, std::size_t kernel, std::size_t stride, detail::FeatureAxis wanted) {
  const detail::FeatureAxis axis = detail::feature_axis(features, kernel, stride, true);
  return axis.positions == wanted.positions && axis.before == wanted.before && axis.after == wanted.after;
}
static_assert(padded_like(7, 3, 1, {7, 1, 1}));
static_assert(padded_like(7, 4, 1, {7, 1, 2}));
static_assert(padded_like(6, 3, 2, {3, 0, 1}));
static_assert(padded_like(7, 3, 2, {4, 1, 1}));
static_assert(padded_like(7, 1, 3, {3, 0, 0}));
static_assert(padded_like(2, 5, 1, {2, 2, 2}));

static_assert(BatchNorm2D<3, 5>::in_size == 15 && BatchNorm2D<3, 5>::out_size == 15);
static_assert(BatchNorm2D<3, 5>::parameters == 12 && BatchNorm2D<3, 5>::macs == 15);

}  // namespace

template <class B>
class Conv2DTest : public ::testing::Test {};
TYPED_TEST_SUITE(Conv2DTest, OneBackend);

TYPED_TEST(Conv2DTest, odd_sizes) {
  golden<ModelT<Conv2D<3, 5, 7, 3, 3, 1, 1, valid, TypeParam>>>("conv2d_3_5_f7_k3x3", single_layer);
}
TYPED_TEST(Conv2DTest, same_with_an_even_kernel) {
  golden<ModelT<Conv2D<3, 5, 7, 2, 4, 1, 1, same, TypeParam>>>("conv2d_3_5_f7_k2x4_same", single_layer);
}
TYPED_TEST(Conv2DTest, same_with_zeros_on_one_side) {
  golden<ModelT<Conv2D<2, 4, 6, 3, 3, 1, 2, same, TypeParam>>>("conv2d_2_4_f6_k3x3_s2_same", single_layer);
}
TYPED_TEST(Conv2DTest, stride) {
  golden<ModelT<Conv2D<1, 8, 10, 3, 3, 1, 2, valid, TypeParam>>>("conv2d_1_8_f10_k3x3_s2", single_layer);
}
TYPED_TEST(Conv2DTest, dilated) {
  golden<ModelT<Conv2D<2, 3, 5, 3, 2, 3, 1, valid, TypeParam>>>("conv2d_2_3_f5_k3x2_d3", single_layer);
}
TYPED_TEST(Conv2DTest, far_back) {
  golden<ModelT<Conv2D<1, 2, 4, 2, 2, 70, 1, same, TypeParam>>>("conv2d_1_2_f4_k2x2_d70_same", single_layer);
}
TYPED_TEST(Conv2DTest, one_value_of_a_frame) {
  golden<ModelT<Conv2D<1, 3, 6, 4, 1, 1, 1, valid, TypeParam>>>("conv2d_1_3_f6_k4x1", single_layer);
}
TYPED_TEST(Conv2DTest, more_channels_than_a_register) {
  golden<ModelT<Conv2D<2, 17, 3, 2, 2, 1, 1, valid, TypeParam>>>("conv2d_2_17_f3_k2x2", single_layer);
}
TYPED_TEST(Conv2DTest, without_past_and_bias) {
  golden<ModelT<Conv2DNoBias<3, 5, 7, 1, 3, 1, 1, valid, TypeParam>>>("conv2d_3_5_f7_k1x3_nobias", single_layer);
}
TYPED_TEST(Conv2DTest, same_without_past) {
  golden<ModelT<Conv2D<2, 3, 5, 1, 3, 1, 1, same, TypeParam>>>("conv2d_2_3_f5_k1x3_same", single_layer);
}
TYPED_TEST(Conv2DTest, depthwise_with_channels_beyond_whole_registers) {
  golden<ModelT<DepthwiseConv2D<21, 3, 2, 2, 1, 1, valid, TypeParam>>>("depthwise_conv2d_21_f3_k2x2", single_layer);
}
TYPED_TEST(Conv2DTest, depthwise_stride) {
  golden<ModelT<DepthwiseConv2D<5, 6, 2, 4, 1, 2, same, TypeParam>>>("depthwise_conv2d_5_f6_k2x4_s2_same",
                                                                     single_layer);
}
TYPED_TEST(Conv2DTest, depthwise_far_back) {
  golden<ModelT<DepthwiseConv2D<2, 7, 2, 3, 70, 1, same, TypeParam>>>("depthwise_conv2d_2_f7_k2x3_d70_same",
                                                                      single_layer);
}
TYPED_TEST(Conv2DTest, depthwise_without_past) {
  golden<ModelT<DepthwiseConv2D<8, 6, 1, 3, 1, 1, valid, TypeParam>>>("depthwise_conv2d_8_f6_k1x3", single_layer);
}
TYPED_TEST(Conv2DTest, batchnorm2d) { golden<ModelT<BatchNorm2D<3, 5, TypeParam>>>("batchnorm2d_3_f5", single_layer); }
TYPED_TEST(Conv2DTest, batchnorm2d_without_gamma_and_beta) {
  golden<ModelT<BatchNorm2D<3, 5, TypeParam>>>("batchnorm2d_3_f5_plain", single_layer);
}
TYPED_TEST(Conv2DTest, stack) {
  using B = TypeParam;
  golden<ModelT<Conv2D<2, 5, 9, 3, 3, 1, 1, valid, B>, BatchNorm2D<5, 7, B>, ReLU<35, B>,
                Conv2D<5, 3, 7, 2, 3, 2, 2, same, B>, Dense<12, 2, B>>>("conv2d_stack", stack);
}
TYPED_TEST(Conv2DTest, keras) {
  using B = TypeParam;
  keras_golden<ModelT<Conv2D<1, 4, 10, 3, 3, 1, 1, valid, B>, Tanh<32, B>, Dense<32, 2, B>>>("conv2d_valid");
}

// A whole register at the last position would exceed the padded frame.
TYPED_TEST(Conv2DTest, frame_ends_where_it_ends) {
  using Conv = Conv2D<1, 9, 7, 1, 1, 1, 1, valid, TypeParam>;
  using T = typename Conv::scalar;
  constexpr std::size_t padded = padded_frame<T>(Conv::out_size);
  constexpr T guard = T(12345);
  alignas(alignment) T in[padded_frame<T>(Conv::in_size)]{}, out[padded + 64];
  std::fill_n(out, padded + 64, guard);
  const auto conv = std::make_unique<Conv>();
  typename Conv::State state;
  conv->forward(state, in, out);
  for (std::size_t i = 0; i < Conv::out_size; ++i) EXPECT_EQ(out[i], T(0));
  for (std::size_t i = padded; i < padded + 64; ++i) EXPECT_EQ(out[i], guard);
}

TYPED_TEST(Conv2DTest, reset_forgets) {
  using M = ModelT<Conv2D<1, 2, 4, 2, 2, 70, 1, same, TypeParam>>;
  using T = typename M::scalar;
  const auto model = std::make_unique<M>();
  ASSERT_NO_THROW(model->load(
      std::filesystem::path(test_file(std::same_as<T, float> ? "golden/torch/conv2d_1_2_f4_k2x2_d70_same.f32.json"
                                                             : "golden/torch/conv2d_1_2_f4_k2x2_d70_same.f64.json"))));
  const T silence[4]{}, loud[4]{1, -1, 1, -1};
  T first[8], again[8], ignored[8];
  model->forward(silence, first);
  for (int t = 0; t < 71; ++t) model->forward(loud, ignored);
  model->reset();
  model->forward(silence, again);
  EXPECT_TRUE(std::equal(first, first + 8, again));
}

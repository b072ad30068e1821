// Upsampling without weights, modulation of blocks, silence at the start and periodic gains, against PyTorch.
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

template <class B>
class BlocksTest : public ::testing::Test {};
TYPED_TEST_SUITE(BlocksTest, OneBackend);

TYPED_TEST(BlocksTest, nearest) {
  using Model = ModelT<UpsampleNearest<5, 3, TypeParam>>;
  static_assert(Model::rate == Rate{1, 3} && Model::latency() == 0 && Model::receptive_field == 1);
  golden<Model>("upsample_nearest_5_f3", single_layer);
}
// PyTorch computes the positions in float.
TYPED_TEST(BlocksTest, linear) {
  using Model = ModelT<UpsampleLinear<3, 4, TypeParam>>;
  static_assert(Model::rate == Rate{1, 4} && Model::latency() == 1 && Model::receptive_field == 3);
  golden<Model>("upsample_linear_3_f4", stack);
  golden<ModelT<UpsampleLinear<2, 5, TypeParam>>>("upsample_linear_2_f5", stack);
}

TYPED_TEST(BlocksTest, silence) {
  using B = TypeParam;
  using Model = ModelT<Dense<2, 3, B>, SilentUntil<3, 3, 2, B>, Tanh<3, B>, SilentUntil<3, 70, 67, B>>;
  static_assert(Model::latency() == 69 && Model::receptive_field == 1 && Model::one_to_one);
  golden<Model>("silent_until_3", stack);
}
TYPED_TEST(BlocksTest, periodic_gain) {
  golden<ModelT<PeriodicGain<3, 2, TypeParam>>>("periodic_gain_3_p2", single_layer);
  golden<ModelT<PeriodicGain<5, 71, TypeParam>>>("periodic_gain_5_p71", single_layer);
}
// Times at several rates are added up before they are rounded: 2 + 3/4 + 2/8.
TYPED_TEST(BlocksTest, latency) {
  using B = TypeParam;
  using Raised = ModelT<SilentUntil<1, 5, 2, B>, UpsampleNearest<1, 4, B>, SilentUntil<1, 9, 3, B>,
                        UpsampleNearest<1, 2, B>, SilentUntil<1, 20, 2, B>>;
  static_assert(Raised::latency() == 3);
  static_assert(ModelT<UpsampleNearest<1, 4, B>, SilentUntil<1, 5, 5, B>>::latency() == 2);
  static_assert(ModelT<SilentUntil<1, 5, 0, B>>::latency() == 0);
}

TYPED_TEST(BlocksTest, control) {
  using B = TypeParam;
  using Model = ModelT<BlockControl<16, 0, LSTM<2, 5, B>>>;
  static_assert(Model::latency() == 15 && Model::rate == Rate{1, 1} && Model::receptive_field == unbounded);
  golden<Model>("block_control_2_5_b16", single_layer);
  golden<ModelT<Dense<2, 5, B>, BlockControl<70, 9, GRU<5, 4, B>, Dense<4, 3, B>>, Tanh<3, B>>>("block_control_3_b70",
                                                                                                stack);
}
TYPED_TEST(BlocksTest, tfilm) {
  using B = TypeParam;
  using Model = ModelT<TFiLM<3, 16, B>>;
  static_assert(Model::latency() == 15 && Model::rate == Rate{1, 1} && Model::receptive_field == unbounded);
  golden<Model>("tfilm_3_b16", single_layer);
  golden<ModelT<Dense<2, 5, B>, BasicTFiLM<70, 9, Dense<5, 4, B>, ReLU<4, B>, GRU<4, 5, B>>>>("tfilm_scale_5_b70",
                                                                                              stack);
}

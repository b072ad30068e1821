// Upsampling without weights against PyTorch.
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

template <class B>
class UpsampleTest : public ::testing::Test {};
TYPED_TEST_SUITE(UpsampleTest, OneBackend);

TYPED_TEST(UpsampleTest, nearest) {
  using Model = ModelT<UpsampleNearest<5, 3, TypeParam>>;
  static_assert(Model::rate == Rate{1, 3} && Model::latency() == 0 && Model::receptive_field == 1);
  golden<Model>("upsample_nearest_5_f3", single_layer);
}
// PyTorch computes the positions in float.
TYPED_TEST(UpsampleTest, linear) {
  using Model = ModelT<UpsampleLinear<3, 4, TypeParam>>;
  static_assert(Model::rate == Rate{1, 4} && Model::latency() == 1 && Model::receptive_field == 3);
  golden<Model>("upsample_linear_3_f4", stack);
  golden<ModelT<UpsampleLinear<2, 5, TypeParam>>>("upsample_linear_2_f5", stack);
}

// Combinators and side channels, against PyTorch.
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

template <class B>
class CombinatorsTest : public ::testing::Test {};
TYPED_TEST_SUITE(CombinatorsTest, OneBackend);

TYPED_TEST(CombinatorsTest, residual) {
  using B = TypeParam;
  golden<ModelT<Residual<Dense<5, 5, B>>>>("residual_dense", single_layer);
  using Conv = ModelT<Residual<Conv1D<6, 4, 3, 2, 1, B>, Tanh<4, B>, Dense<4, 6, B>>>;
  static_assert(Conv::receptive_field == 5 && Conv::warmup_frames == 4 &&
                Conv::parameters == 6 * 4 * 3 + 4 + 4 * 6 + 6);
  golden<Conv>("residual_conv", stack);
  golden<ModelT<Dense<3, 8, B>, Residual<Tanh<8, B>, Residual<Dense<8, 8, B>, Tanh<8, B>>, Dense<8, 8, B>>,
                Residual<GRU<8, 8, B>>>>("residual_of_residual", stack);
  golden<ModelT<Dense<3, 12, B>, ResidualSkip<Identity<6, B>, Dense<6, 6, B>>,
                ResidualSkip<Sequential<Conv1D<6, 6, 3, 1, 1, B>, Tanh<6, B>>, Identity<6, B>, Tanh<6, B>>>>(
      "residual_skip", stack);
}
TYPED_TEST(CombinatorsTest, branches) {
  using B = TypeParam;
  using Sum = ModelT<Parallel<Dense<3, 7, B>, Sequential<Conv1D<3, 7, 4, 1, 1, B>, Tanh<7, B>>, LSTM<3, 7, B>>>;
  static_assert(Sum::receptive_field == unbounded && Sum::warmup_frames == 3);
  golden<Sum>("parallel", stack);
  golden<ModelT<Concat<Dense<3, 5, B>, Sequential<Conv1D<3, 17, 2, 1, 1, B>, Tanh<17, B>>, Dense<3, 2, B>>,
                Dense<24, 2, B>>>("concat", stack);
  golden<ModelT<Split<Dense<3, 6, B>, Sequential<Conv1D<5, 4, 3, 1, 1, B>, Tanh<4, B>>>>>("split", stack);
}
TYPED_TEST(CombinatorsTest, gates) {
  using B = TypeParam;
  golden<ModelT<Gated<Conv1D<3, 6, 3, 1, 1, B>, Conv1D<3, 6, 3, 1, 1, B>>>>("gated", stack);
  golden<ModelT<Dense<3, 34, B>, Gate<LeakyReLU<17, B>, Sigmoid<17, B>>>>("gate_of_leaky_relu", stack);
  golden<ModelT<Dense<3, 10, B>, Blend<ReLU<5, B>, Sigmoid<5, B>>>>("blend", stack);
}
TYPED_TEST(CombinatorsTest, delays) {
  using B = TypeParam;
  static_assert(ModelT<Delay<3, 3, B>>::latency() == 3);
  golden<ModelT<Delay<3, 3, B>>>("delay_3", single_layer);
  golden<ModelT<Delay<2, 100, B>>>("delay_100", single_layer);
  using Aligned =
      ModelT<Parallel<Sequential<Delay<2, 5, B>, Dense<2, 3, B>>, Sequential<Dense<2, 3, B>, Delay<3, 5, B>>>>;
  static_assert(Aligned::latency() == 5 && Aligned::receptive_field == 6);
  golden<Aligned>("delayed_branch", stack);
}
TYPED_TEST(CombinatorsTest, channels) {
  using B = TypeParam;
  golden<ModelT<Slice<7, 2, 3, B>, Pad<3, 9, B>, Scale<9, B>, Dense<9, 9, B>, Identity<9, B>>>("slice_pad_scale",
                                                                                               stack);
}
TYPED_TEST(CombinatorsTest, conditions) {
  using B = TypeParam;
  golden<ModelT<Dense<1, 5, B>, Mixin<DenseNoBias<2, 5, B>>, Tanh<5, B>>>("mixin", stack);
  golden<ModelT<Dense<1, 6, B>, Mixin<Conv1D<3, 6, 2, 1, 3, B>>, Tanh<6, B>>>("mixin_of_groups", stack);
  using Filmed = ModelT<Conv1D<2, 6, 3, 1, 1, B>, FiLM<6, 2, B>, Tanh<6, B>, Dense<6, 1, B>>;
  static_assert(Filmed::condition_size == 2 && Filmed::in_size == 2);
  golden<Filmed>("film", stack);
  golden<ModelT<Dense<1, 17, B>, BasicFiLM<17, Dense<3, 8, B>, Tanh<8, B>, Dense<8, 17, B>>>>("film_scale", stack);
  golden<ModelT<AppendCondition<1, 2, B>, LSTM<3, 8, B>, Dense<8, 1, B>>>("append_condition", stack);
  using Own = ModelT<ConditionedBy<Sequential<Dense<2, 4, B>, Tanh<4, B>>, Conv1D<2, 5, 3, 1, 1, B>, FiLM<5, 4, B>>>;
  static_assert(Own::condition_size == 0);
  golden<Own>("conditioned_by", stack);
}

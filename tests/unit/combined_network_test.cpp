// Networks of combinators, against PyTorch.
#include "support/backends.hpp"
#include "support/golden.hpp"
#include "support/wavenet.hpp"

using namespace inlay;

template <class B>
class CombinedNetworkTest : public ::testing::Test {};
TYPED_TEST_SUITE(CombinedNetworkTest, OneBackend);

template <std::size_t In, std::size_t Dilation, class B>
using TcnBlock =
    Parallel<Sequential<Conv1D<In, 6, 3, Dilation, 1, B>, BatchNorm1D<6, B>, PReLU<6, B>>, DenseNoBias<In, 6, B>>;

TYPED_TEST(CombinedNetworkTest, microtcn) {
  using B = TypeParam;
  golden<ModelT<TcnBlock<1, 1, B>, TcnBlock<6, 10, B>, TcnBlock<6, 30, B>, Dense<6, 1, B>>>("microtcn", stack);
}

// The rest takes minutes to compile in instrumented builds, and runs no code that other tests do not run.
#ifndef INLAY_TEST_FEW_BACKENDS

/// A block of the CNNs of the anira paper.
template <std::size_t In, std::size_t Out, std::size_t Dilation, class B>
using CnnBlock =
    Parallel<Sequential<Conv1D<In, Out, 13, Dilation, 1, B>, BasicPReLU<Out, 1, B>>, DenseNoBias<In, Out, B>>;

TYPED_TEST(CombinedNetworkTest, anira) {
  using B = TypeParam;
  using Rnn2k = ModelT<Residual<LSTM<1, 20, B>, Dense<20, 1, B>>>;
  golden<Rnn2k>("rnn_2k", stack);
  using Cnn1k = ModelT<CnnBlock<1, 32, 1, B>, CnnBlock<32, 1, 10, B>>;
  static_assert(Cnn1k::parameters == 931 && Cnn1k::receptive_field == 133);
  golden<Cnn1k>("cnn_1k", stack);
  using Cnn15k = ModelT<CnnBlock<1, 32, 1, B>, CnnBlock<32, 32, 10, B>, CnnBlock<32, 1, 100, B>>;
  static_assert(Cnn15k::parameters == 15300 && Cnn15k::receptive_field == 1333);
  loads<Cnn15k>("cnn_15k");
  using Cnn29k =
      ModelT<CnnBlock<1, 32, 1, B>, CnnBlock<32, 32, 10, B>, CnnBlock<32, 32, 100, B>, CnnBlock<32, 1, 1000, B>>;
  static_assert(Cnn29k::parameters == 29669 && Cnn29k::receptive_field == 13333);
  loads<Cnn29k>("cnn_29k");
}

TYPED_TEST(CombinedNetworkTest, wavenet) {
  using B = TypeParam;
  using Small =
      ModelT<InputAsCondition<DenseNoBias<1, 6, B>, Pad<6, 12, B>, WaveNetLayer<6, 1, B>, WaveNetLayer<6, 4, B>,
                              WaveNetLayer<6, 32, B>, NextArray<6, 4, B>, WaveNetLayer<4, 1, B>, WaveNetLayer<4, 4, B>,
                              WaveNetLayer<4, 32, B>, Slice<8, 4, 4, B>, Dense<4, 1, B>, Scale<1, B>>>;
  static_assert(Small::receptive_field == 1 + 2 * 2 * (1 + 4 + 32) && Small::condition_size == 0);
  golden<Small>("wavenet_small", stack);
  golden<GatedWaveNet<B>>("wavenet_gated", stack);
}

TEST(KerasCombinedTest, functional_and_strided) {
  keras_golden<ModelT<Residual<LSTM<1, 20>, Dense<20, 1>>>>("residual_functional");
  keras_golden<ModelT<Parallel<Sequential<Conv1D<1, 8, 3>, PReLU<8>>, Conv1DNoBias<1, 8, 1>>,
                      Parallel<Sequential<Conv1D<8, 8, 3, 8>, PReLU<8>>, Conv1DNoBias<8, 8, 1>>, Dense<8, 1>>>(
      "tcn_functional");
  keras_golden<ModelT<StridedConv1D<2, 4, 4, 2>, Dense<4, 2>>>("conv_strided");
}

#endif

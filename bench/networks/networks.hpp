/// Networks: the benchmarked networks as types of a backend. To add a network, add a type and a line in `for_each`.
#pragma once

#include <cstddef>

#include "inlay/backend/all.hpp"
#include "inlay/engine.hpp"

namespace inlay::bench {

template <class B>
struct Networks {
  /// A block of the CNNs of the anira paper.
  template <std::size_t In, std::size_t Out, std::size_t Dilation>
  using CnnBlock =
      Parallel<Sequential<Conv1D<In, Out, 13, Dilation, 1, B>, BasicPReLU<Out, 1, B>>, DenseNoBias<In, Out, B>>;
  using Cnn1k = ModelT<CnnBlock<1, 32, 1>, CnnBlock<32, 1, 10>>;
  using Cnn15k = ModelT<CnnBlock<1, 32, 1>, CnnBlock<32, 32, 10>, CnnBlock<32, 1, 100>>;
  using Cnn29k = ModelT<CnnBlock<1, 32, 1>, CnnBlock<32, 32, 10>, CnnBlock<32, 32, 100>, CnnBlock<32, 1, 1000>>;
  using Rnn2k = ModelT<Residual<LSTM<1, 20, B>, Dense<20, 1, B>>>;
  using Hnn11k = ModelT<Windowed<150, 150, TimePad<1, 12, 12, B>, StridedConv1D<1, 16, 12, 12, 1, 1, B>, ReLU<16, B>,
                                 TimePad<16, 12, 12, B>, StridedConv1D<16, 16, 12, 12, 1, 1, B>, ReLU<16, B>,
                                 LSTM<16, 36, B>, Dense<36, 1, B>>>;

  /// Guitar amplifiers of Proteus and others.
  using Lstm40 = ModelT<LSTM<1, 40, B>, Dense<40, 1, B>>;
  /// A state transition network: maps input and state of a circuit to its output and next state.
  using Stn = ModelT<Dense<4, 8, B>, Tanh<8, B>, Dense<8, 2, B>>;
  /// The drive of the Centaur model.
  using Centaur = ModelT<GRU<1, 8, B>, Dense<8, 1, B>>;

  /// Neural Amp Modeler's WaveNet "A1" in its standard size.
  template <std::size_t Size, std::size_t Dilation>
  using WaveNetLayer =
      ResidualSkip<Sequential<Conv1D<Size, Size, 3, Dilation, 1, B>, Mixin<DenseNoBias<1, Size, B>>, Tanh<Size, B>>,
                   Dense<Size, Size, B>>;
  template <std::size_t Size, std::size_t... Dilations>
  using WaveNetArray = Sequential<WaveNetLayer<Size, Dilations>...>;
  template <std::size_t Size>
  using TenLayers = WaveNetArray<Size, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512>;
  using WaveNet = ModelT<InputAsCondition<DenseNoBias<1, 16, B>, Pad<16, 32, B>, TenLayers<16>,
                                          Split<DenseNoBias<16, 8, B>, DenseNoBias<16, 8, B>>, TenLayers<8>,
                                          Slice<16, 8, 8, B>, Dense<8, 1, B>, Scale<1, B>>>;

  /// The layers of Neural Amp Modeler's A2, with 3 channels.
  template <std::size_t Kernel, std::size_t Dilation>
  using A2Path =
      Sequential<Conv1D<3, 3, Kernel, Dilation, 1, B>, Mixin<Conv1DNoBias<1, 3, 1, 1, 1, B>>, LeakyReLU<3, B>>;
  template <std::size_t Kernel, std::size_t... Dilations>
  using A2Layers = Sequential<ResidualSkip<A2Path<Kernel, Dilations>, Conv1D<3, 3, 1, 1, 1, B>>...>;
  using A2Lite = ModelT<
      InputAsCondition<Conv1DNoBias<1, 3, 1, 1, 1, B>, Pad<3, 6, B>, A2Layers<6, 1, 3, 7, 17, 41, 101, 239>,
                       A2Layers<6, 1, 3, 7, 17, 41, 101, 239>, A2Layers<15, 1, 13>, A2Layers<6, 1, 3, 7, 17, 41, 101>,
                       Parallel<Slice<6, 3, 3, B>, Sequential<Slice<6, 0, 3, B>, A2Path<6, 239>>>,
                       Conv1D<3, 1, 16, 1, 1, B>, Scale<1, B>>>;

  /// An amplifier of state spaces, with two knobs.
  using S4Block = Residual<S4D<16, 8, B>, Dense<16, 16, B>, BasicFiLM<16, Dense<2, 8, B>, Tanh<8, B>, Dense<8, 32, B>>,
                           Tanh<16, B>>;
  using S4Amp = ModelT<Dense<1, 16, B>, S4Block, S4Block, S4Block, S4Block, Dense<16, 1, B>>;

  /// A compressor of linear recurrent units.
  using LRUBlock = Residual<LayerNorm<16, B>, LRU<16, 16, 16, B>, GELU<16, B>, Dense<16, 32, B>,
                            Gate<Identity<16, B>, Sigmoid<16, B>>>;
  using LRUCompressor = ModelT<Dense<1, 16, B>, LRUBlock, LRUBlock, Dense<16, 1, B>>;

  /// Calls `f.template operator()<Model>(name, file)` for each network. Files are relative to the repository's root.
  static void for_each(auto&& f) {
    f.template operator()<Cnn1k>("CNN-1k", "tests/golden/torch/cnn_1k.f32.json");
    f.template operator()<Cnn15k>("CNN-15k", "tests/golden/torch/cnn_15k.f32.json");
    f.template operator()<Cnn29k>("CNN-29k", "tests/golden/torch/cnn_29k.f32.json");
    f.template operator()<Rnn2k>("RNN-2k", "tests/golden/torch/rnn_2k.f32.json");
    f.template operator()<Hnn11k>("HNN-11k", "tests/golden/torch/hnn_11k.f32.json");
    f.template operator()<Lstm40>("LSTM-40", "bench/networks/lstm_40.json");
    f.template operator()<Centaur>("Centaur", "bench/networks/centaur.json");
    f.template operator()<Stn>("STN", "bench/networks/stn.json");
    f.template operator()<WaveNet>("WaveNet", "tests/golden/nam/wavenet_a1_standard.json");
    f.template operator()<A2Lite>("A2-Lite", "bench/networks/a2_lite.json");
    f.template operator()<S4Amp>("S4-amp", "bench/networks/s4_amp.json");
    f.template operator()<LRUCompressor>("LRU-compressor", "bench/networks/lru_compressor.json");
  }
};

}  // namespace inlay::bench

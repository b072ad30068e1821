// Neural Amp Modeler's WaveNets as types, against NAM Core.
#include "support/golden.hpp"

using namespace inlay;

// They take minutes to compile in instrumented builds, and run no code that other tests do not run.
#ifndef INLAY_TEST_FEW_BACKENDS

namespace {

template <std::size_t Size, std::size_t Kernel, std::size_t Dilation, class Activation>
using NamLayer = ResidualSkip<Sequential<Conv1D<Size, Size, Kernel, Dilation>, Mixin<DenseNoBias<1, Size>>, Activation>,
                              Dense<Size, Size>>;

template <class Model>
void loads_as(const char* name) {
  EXPECT_NO_THROW(std::make_unique<Model>()->load(std::filesystem::path(test_file("golden/nam/") + name)));
}

// "A1", the standard architecture: two arrays of ten layers.
template <std::size_t Size, std::size_t... Dilations>
using A1Array = Sequential<NamLayer<Size, 3, Dilations, Tanh<Size>>...>;
template <std::size_t Size>
using TenLayers = A1Array<Size, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512>;

TEST(NamTest, wavenet_a1_standard) {
  using NextArray = Split<DenseNoBias<16, 8>, DenseNoBias<16, 8>>;
  using A1 = ModelT<InputAsCondition<DenseNoBias<1, 16>, Pad<16, 32>, TenLayers<16>, NextArray, TenLayers<8>,
                                     Slice<16, 8, 8>, Dense<8, 1>, Scale<1>>>;
  static_assert(A1::parameters + 1 == 13802 && A1::receptive_field == 4093);  // NAM counts the scale as a weight
  loads_as<A1>("wavenet_a1_standard.json");
}

// "A2" with 8 channels: one array of 23 layers, and a convolution as the head.
template <std::size_t Kernel, std::size_t... Dilations>
using A2Layers = Sequential<NamLayer<8, Kernel, Dilations, LeakyReLU<8>>...>;
using SevenLayers = A2Layers<6, 1, 3, 7, 17, 41, 101, 239>;

TEST(NamTest, wavenet_a2) {
  using A2 = ModelT<InputAsCondition<DenseNoBias<1, 8>, Pad<8, 16>, SevenLayers, SevenLayers, A2Layers<15, 1, 13>,
                                     SevenLayers, Slice<16, 8, 8>, Conv1D<8, 1, 16>, Scale<1>>>;
  static_assert(A2::parameters + 1 == 12146);
  loads_as<A2>("wavenet_a2.json");
}

}  // namespace

#endif

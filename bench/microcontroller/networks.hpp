/// The networks that the microcontrollers are measured with. `NETWORK` is one of their names.
#pragma once

#include <cstddef>
#include <inlay/backend/stl.hpp>
#include <inlay/backend/vector.hpp>
#include <inlay/engine.hpp>

namespace networks {

#ifndef BACKEND
#define BACKEND StlBackend
#endif
#ifndef MATH
#define MATH Accurate
#endif
#ifndef WEIGHT
#define WEIGHT float
#endif
using Backend = inlay::BACKEND<float, inlay::math::MATH, WEIGHT>;

template <std::size_t Units>
using Lstm = inlay::Sequential<inlay::LSTM<1, Units, Backend>, inlay::Dense<Units, 1, Backend>>;
template <std::size_t Units>
using Gru = inlay::Sequential<inlay::GRU<1, Units, Backend>, inlay::Dense<Units, 1, Backend>>;

/// A layer of Neural Amp Modeler's WaveNets.
template <std::size_t Size, std::size_t Kernel, std::size_t Dilation, class Activation>
using NamLayer = inlay::ResidualSkip<inlay::Sequential<inlay::Conv1D<Size, Size, Kernel, Dilation, 1, Backend>,
                                                       inlay::Mixin<inlay::DenseNoBias<1, Size, Backend>>, Activation>,
                                     inlay::Dense<Size, Size, Backend>>;

template <std::size_t Size, std::size_t... Dilations>
using A1Layers = inlay::Sequential<NamLayer<Size, 3, Dilations, inlay::Tanh<Size, Backend>>...>;
using A1Nano = inlay::Sequential<inlay::InputAsCondition<
    inlay::DenseNoBias<1, 4, Backend>, inlay::Pad<4, 8, Backend>, A1Layers<4, 1, 2, 4, 8, 16, 32, 64>,
    inlay::Split<inlay::DenseNoBias<4, 2, Backend>, inlay::DenseNoBias<4, 2, Backend>>,
    A1Layers<2, 128, 256, 512, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512>, inlay::Slice<4, 2, 2, Backend>,
    inlay::Dense<2, 1, Backend>, inlay::Scale<1, Backend>>>;

template <std::size_t Kernel, std::size_t... Dilations>
using A2Layers = inlay::Sequential<NamLayer<3, Kernel, Dilations, inlay::LeakyReLU<3, Backend>>...>;
using A2SevenLayers = A2Layers<6, 1, 3, 7, 17, 41, 101, 239>;
using A2Lite = inlay::Sequential<inlay::InputAsCondition<
    inlay::DenseNoBias<1, 3, Backend>, inlay::Pad<3, 6, Backend>, A2SevenLayers, A2SevenLayers, A2Layers<15, 1, 13>,
    A2SevenLayers, inlay::Slice<6, 3, 3, Backend>, inlay::Conv1D<3, 1, 16, 1, 1, Backend>, inlay::Scale<1, Backend>>>;

using nothing = inlay::Sequential<inlay::Identity<1, Backend>>;
using lstm_8 = Lstm<8>;
using lstm_16 = Lstm<16>;
using lstm_20 = Lstm<20>;
using lstm_40 = Lstm<40>;
using gru_8 = Gru<8>;
using gru_16 = Gru<16>;
using gru_24 = Gru<24>;
using gru_40 = Gru<40>;
using a1_nano = A1Nano;
using a2_lite = A2Lite;

}  // namespace networks

// WaveNets of tests/golden/networks.
#pragma once

#include <cstddef>
#include <inlay/engine.hpp>

/// A layer of a WaveNet with a condition of one channel, plain or gated.
template <std::size_t Size, std::size_t Dilation, class B>
using WaveNetLayer =
    inlay::ResidualSkip<inlay::Sequential<inlay::Conv1D<Size, Size, 3, Dilation, 1, B>,
                                          inlay::Mixin<inlay::DenseNoBias<1, Size, B>>, inlay::Tanh<Size, B>>,
                        inlay::Dense<Size, Size, B>>;
template <std::size_t Size, std::size_t Dilation, class B>
using GatedWaveNetLayer =
    inlay::ResidualSkip<inlay::Sequential<inlay::Conv1D<Size, 2 * Size, 3, Dilation, 1, B>,
                                          inlay::Mixin<inlay::DenseNoBias<1, 2 * Size, B>>,
                                          inlay::Gate<inlay::Tanh<Size, B>, inlay::Sigmoid<Size, B>>>,
                        inlay::Dense<Size, Size, B>>;
/// Between two arrays: a layer without bias for the channels, and one for the head.
template <std::size_t From, std::size_t To, class B>
using NextArray = inlay::Split<inlay::DenseNoBias<From, To, B>, inlay::DenseNoBias<From, To, B>>;

/// The network of wavenet_gated: an array with gates, and one without.
template <class B>
using GatedWaveNet =
    inlay::ModelT<inlay::InputAsCondition<inlay::DenseNoBias<1, 4, B>, inlay::Pad<4, 8, B>, GatedWaveNetLayer<4, 1, B>,
                                          GatedWaveNetLayer<4, 2, B>, GatedWaveNetLayer<4, 8, B>, NextArray<4, 3, B>,
                                          WaveNetLayer<3, 1, B>, WaveNetLayer<3, 2, B>, WaveNetLayer<3, 8, B>,
                                          inlay::Slice<6, 3, 3, B>, inlay::Dense<3, 1, B>, inlay::Scale<1, B>>>;

/// Compressor: a feed-forward compressor of dynamics.
#pragma once

#include <cstddef>

#include "inlay/backend/default.hpp"
#include "inlay/combinators/conditioned_by.hpp"
#include "inlay/combinators/film.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/layers/decibels.hpp"
#include "inlay/layers/gain_computer.hpp"
#include "inlay/layers/one_pole.hpp"
#include "inlay/layers/scale.hpp"

namespace inlay::INLAY_ISA {

/// Feed-forward compressor: the level of x in dB, its gain, which is smoothed in dB, and the product of x and that gain
/// as a factor, times a makeup gain.
///
///     y = x makeup 10^(smooth(gain(20 log10 |x|)) / 20)
///
/// Each of the `Size` channels has its own gain. With a side chain, use the `BasicFiLM` alone: its condition is the
/// signal whose level counts. Trained as inlay.torch.Compressor.
template <std::size_t Size = 1, Backend B = default_backend>
using Compressor = InputAsCondition<BasicFiLM<Size, AmplitudeToDB<Size, B>, GainComputer<Size, B>, OnePole<Size, B>,
                                              DBToAmplitude<Size, B>, Scale<Size, B>>>;

}  // namespace inlay::INLAY_ISA

/// A guitar pedal for a microcontroller: an LSTM amplifier, called with blocks of audio as libDaisy and others call.
#pragma once

#include <algorithm>
#include <cstddef>
#include <inlay/core/no_denormals.hpp>

#include "amp.hpp"  // inlay codegen amp.json --name Amp --constant --backend StlBackend -o amp.hpp

namespace pedal {

/// The state of one voice: 1.7 KB. The weights are constants, which stay in flash.
inline constinit Amp amp;

/// Computes a block of planar audio. The left input is played through the amplifier to both outputs.
inline void audio_callback(const float* const* in, float** out, std::size_t frames) {
  const inlay::NoDenormals no_denormals;
  amp.process(in, out, frames);
  std::copy_n(out[0], frames, out[1]);
}

}  // namespace pedal

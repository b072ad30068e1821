// The pedal on an emulated board. Files stand for the codec: the program reads and writes blocks of interleaved stereo,
// 24 bits in 32, with two buffers for each direction, as a codec's DMA does.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "board.hpp"
#include "pedal.hpp"

namespace {

constexpr std::size_t block = 48, channels = 2;

/// The codec fills one half of `received` and sends one half of `sent`, while the processor works on the others.
std::int32_t received[2][block * channels], sent[2][block * channels];
float in[channels][block], out[channels][block];

void to_planar(const std::int32_t* frames) {
  for (std::size_t t = 0; t < block; ++t)
    for (std::size_t c = 0; c < channels; ++c) in[c][t] = static_cast<float>(frames[t * channels + c]) * 0x1p-23f;
}

void to_interleaved(std::int32_t* frames) {
  for (std::size_t t = 0; t < block; ++t)
    for (std::size_t c = 0; c < channels; ++c) {
      const float clipped = std::fmin(std::fmax(out[c][t], -1.0f), 1.0f - 0x1p-23f);
      frames[t * channels + c] = static_cast<std::int32_t>(clipped * 0x1p23f);
    }
}

/// Called when one half of the codec's buffers is done.
void half_done(std::size_t half) {
  const float* const inputs[channels] = {in[0], in[1]};
  float* outputs[channels] = {out[0], out[1]};
  to_planar(received[half]);
  pedal::audio_callback(inputs, outputs, block);
  to_interleaved(sent[half]);
}

}  // namespace

int board::run() {
  const board::File input("in.raw", board::File::read_bytes), output("out.raw", board::File::write_bytes);
  for (std::size_t half = 0; input.read(received[half], sizeof received[half]); half = 1 - half) {
    half_done(half);
    if (!output.write(sent[half], sizeof sent[half])) return 1;
  }
  return 0;
}

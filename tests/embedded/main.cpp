// A network on a bare-metal processor: no heap, exceptions, RTTI or operating system. Type, weights and check are in a
// header that `inlay codegen` wrote; the weights stay in flash. The program compares the output with PyTorch's or
// Keras's and prints the result.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <inlay/core/no_denormals.hpp>
#include <span>

#include "amp.hpp"
#include "board.hpp"

static constinit Amp voices[3];  // the states of the network

namespace check = amp_weights::check;

static constexpr std::size_t in_size = Amp::in_size, out_size = Amp::out_size;
static constexpr std::size_t check_frames = std::size(check::input) / in_size;
// Frames before those whose output is known.
static constexpr std::size_t skip = check_frames - std::size(check::output) / out_size;
static float input[in_size][check_frames], output[out_size][check_frames], output_of_other_cuts[out_size][check_frames];

/// Computes channel pointers from frame `first` on.
template <std::size_t Channels>
static auto from(float (&signal)[Channels][check_frames], std::size_t first) {
  std::array<float*, Channels> channels;
  for (std::size_t c = 0; c < Channels; ++c) channels[c] = signal[c] + first;
  return channels;
}

/// Renders the whole signal in buffers of uneven sizes.
static void render(Amp& voice, float (&out)[out_size][check_frames], std::size_t first_cut) {
  const std::size_t cuts[] = {0, first_cut, check_frames / 3 + first_cut, check_frames};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto x = from(input, cuts[i]);
    const auto y = from(out, cuts[i]);
    voice.process(x.data(), y.data(), cuts[i + 1] - cuts[i]);
  }
}

int board::run() {
  const inlay::NoDenormals no_denormals;

  for (std::size_t t = 0; t < check_frames; ++t)
    for (std::size_t c = 0; c < in_size; ++c) input[c][t] = check::input[t * in_size + c];
  render(voices[1], output, 1);
  render(voices[2], output_of_other_cuts, 10);
  if (std::memcmp(output, output_of_other_cuts, sizeof output) != 0) {
    board::print("the output depends on how the signal is cut\n");
    return 1;
  }

  float error = 0;
  for (std::size_t t = 0; t < check_frames; ++t) {
    std::array<float, out_size> y;
    voices[0].forward(std::span(check::input).subspan(t * in_size).first<in_size>(), y);
    for (std::size_t c = 0; t >= skip && c < out_size; ++c) {
      const float expected = check::output[(t - skip) * out_size + c];
      error = std::fmax(error, std::fabs(y[c] - expected));
      error = std::fmax(error, std::fabs(output[c][t] - expected));
      if (!(error == error)) error = INFINITY;
    }
  }
  const bool passed = error <= check::limit[0];
  board::print("largest error, in units of 1e-9: ");
  board::print_number(static_cast<unsigned>(std::fmin(error * 1e9f, 4e9f)));
  board::print(passed ? ", passed\n" : ", FAILED\n");
  return passed ? 0 : 1;
}

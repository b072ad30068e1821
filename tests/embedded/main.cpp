// A network on a bare-metal processor: no heap, exceptions, RTTI or operating system. Type, weights and check are in a
// header that `inlay codegen` wrote; the weights stay in flash. The program compares the output with PyTorch's or
// Keras's and prints the result.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <inlay/backend/stl.hpp>
#include <inlay/core/no_denormals.hpp>
#include <inlay/engine.hpp>
#include <span>

#include "amp.hpp"
#include "board.hpp"

static constinit Amp voices[3];  // the states of the network

namespace check = amp_weights::check;

#ifdef LIMIT
static constexpr float limit = LIMIT;
#else
static constexpr float limit = check::limit[0];
#endif
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

/// Whether a convolution and a leaky rectifier, which a buffer computes in one pass, give what they give one after the
/// other.
static bool rectifies(float slope) {
  constexpr std::size_t frames = 16;
  using B = inlay::StlBackend<float>;
  static inlay::ModelT<inlay::Conv1D<1, 1, 2, 1, 1, B>, inlay::LeakyReLU<1, B>> model;
  const float kernel[] = {0.5f, -2.0f};
  if (!inlay::assign(model.layer<0>(), "kernel", std::span<const float>(kernel))) return false;
  model.layer<1>().alpha = slope;
  model.reset();
  float x[frames], y[frames];
  for (std::size_t t = 0; t < frames; ++t) x[t] = static_cast<float>(t % 5) - 1.5f;
  model.process(std::span<const float>(x), std::span<float>(y));
  for (std::size_t t = 0; t < frames; ++t) {
    const float sum = (t == 0 ? 0.0f : 0.5f * x[t - 1]) - 2.0f * x[t];
    if (std::fabs(y[t] - (sum < 0 ? slope * sum : sum)) > 1e-6f) return false;
  }
  return true;
}

int board::run() {
  const inlay::NoDenormals no_denormals;
  for (const float slope : {0.01f, 1.0f, 1.5f, -0.5f})
    if (!rectifies(slope)) {
      board::print("a leaky rectifier is wrong\n");
      return 1;
    }

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
  const bool passed = error <= limit;
  board::print("largest error, in units of 1e-9: ");
  board::print_number(static_cast<unsigned>(std::fmin(error * 1e9f, 4e9f)));
  board::print(passed ? ", passed\n" : ", FAILED\n");
  return passed ? 0 : 1;
}

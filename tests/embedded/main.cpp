// An LSTM amplifier model on a bare-metal Cortex-M7: no heap, exceptions, RTTI or operating system. The weights are in
// a generated header. The program compares the model's output with PyTorch's and prints the result.
#include <cmath>
#include <cstddef>
#include <inlay/backend/stl.hpp>
#include <inlay/engine.hpp>

#include "board.hpp"
#include "weights.hpp"

using Backend = inlay::StlBackend<float>;
using Model = inlay::ModelT<inlay::LSTM<1, 20, Backend>, inlay::Dense<20, 1, Backend>>;

static constinit Model model;  // zero-initialised: needs no startup code and no flash
static constinit Model::State voice;

static bool set_weights() {
  using namespace weights;
  return inlay::assign(model.layer<0>(), "kernel", layer0::kernel) &&
         inlay::assign(model.layer<0>(), "recurrent_kernel", layer0::recurrent_kernel) &&
         inlay::assign(model.layer<0>(), "bias", layer0::bias) &&
         inlay::assign(model.layer<1>(), "kernel", layer1::kernel) &&
         inlay::assign(model.layer<1>(), "bias", layer1::bias);
}

int board::run() {
  if (!set_weights()) {
    board::print("the model has other tensors than the file\n");
    return 1;
  }

  // Frame by frame on the model's own state, and in buffers of uneven sizes on another state.
  constexpr std::size_t frames = std::size(weights::check_input);
  static float rendered[frames];
  constexpr std::size_t cut = 50;
  model.process(voice, std::span(weights::check_input).first(cut), std::span(rendered).first(cut));
  model.process(voice, std::span(weights::check_input).subspan(cut), std::span(rendered).subspan(cut));

  float error = 0;
  for (std::size_t t = 0; t < frames; ++t) {
    const float expected = weights::check_output[t];
    error = std::fmax(error, std::fabs(model.forward(weights::check_input[t]) - expected));
    error = std::fmax(error, std::fabs(rendered[t] - expected));
  }
  const bool passed = error <= 1e-5f;  // also false for NaN
  board::print("largest error, in units of 1e-9: ");
  board::print_number(static_cast<unsigned>(std::fmin(error * 1e9f, 4e9f)));
  board::print(passed ? "\npassed\n" : "\nfailed\n");
  return passed ? 0 : 1;
}

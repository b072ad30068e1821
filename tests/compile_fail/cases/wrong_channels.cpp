// Frames of three values for a model with two channels.
// expect: forward takes a frame
// errors: 1
#include <array>

#include <inlay/engine.hpp>

void render(inlay::ModelT<inlay::Dense<2, 2>>& model, std::array<float, 3>& in, std::array<float, 2>& out) {
  model.forward(in, out);
}

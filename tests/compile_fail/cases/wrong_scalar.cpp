// Frames of double for a model of float.
// expect: forward takes a frame
// expect: of the model.s scalar
// errors: 1
#include <array>

#include <inlay/engine.hpp>

void render(inlay::ModelT<inlay::Dense<2, 2>>& model, std::array<double, 2>& in, std::array<float, 2>& out) {
  model.forward(in, out);
}

// Frames of double to a model of float.
// expect: no matching (member )?function for call to .*forward
// expect: no known conversion .*array<double, 2>.* to .*span<const
// errors: 1
#include <array>

#include <inlay/engine.hpp>

void render(inlay::ModelT<inlay::Dense<2, 2>>& model, std::array<double, 2>& in, std::array<float, 2>& out) {
  model.forward(in, out);
}

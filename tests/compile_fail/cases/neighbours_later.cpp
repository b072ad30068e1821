// The error has the index of the wrong layer. Using the model adds no further errors.
// expect: InputMatchesPrevious<3, 8, 12>
// expect: a layer's input size must be the output size of the layer before it
// errors: 1
#include <inlay/engine.hpp>

using Model = inlay::ModelT<inlay::Dense<2, 8>, inlay::Tanh<8>, inlay::Conv1D<8, 12, 3>, inlay::GRU<8, 8>>;

void render(Model& model, const float* const* in, float* const* out) { model.process(in, out, 64); }

// One pointer to samples for a network with two channels.
// expect: process takes \(in, out, frames\), planar
// errors: 1

#include <inlay/engine.hpp>

std::size_t run(inlay::ModelT<inlay::Dense<2, 2>>& model, const float* x, float* y) { return model.process(x, y, 64); }

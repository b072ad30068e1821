// Layers of float and of double in one model.
// expect: all layers must have the same scalar type
// errors: 1
#include <inlay/backend/stl.hpp>
#include <inlay/engine.hpp>

inlay::ModelT<inlay::LSTM<1, 16>, inlay::Dense<16, 1, inlay::StlBackend<double>>> model;

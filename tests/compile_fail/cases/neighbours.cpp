// Layer 1 takes 20 channels, but layer 0 has 16 outputs. One error with the index of the layer and both sizes.
// expect: InputMatchesPrevious<1, 20, 16>
// expect: a layer's input size must be the output size of the layer before it
// errors: 1
#include <inlay/engine.hpp>

inlay::ModelT<inlay::LSTM<1, 16>, inlay::Dense<20, 1>> model;

// A model without layers.
// expect: at_least_one_layer
#include <inlay/engine.hpp>

inlay::ModelT<> model;

// A model without layers.
// expect: a model must have at least one layer
#include <inlay/engine.hpp>

inlay::ModelT<> model;

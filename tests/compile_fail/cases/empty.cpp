// A model without layers.
// expect: a model has at least one layer
#include <inlay/engine.hpp>

inlay::ModelT<> model;

// The message names the type that is not a layer.
// expect: constraint
// expect: Layer
// expect: int
#include <inlay/engine.hpp>

inlay::ModelT<inlay::Dense<1, 1>, int> model;

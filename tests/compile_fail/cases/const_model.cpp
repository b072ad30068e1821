// A const model may run on a state of its user's, but not on its own.
// expect: a const model takes a State first
#include <inlay/engine.hpp>

float render(const inlay::ModelT<inlay::Dense<1, 1>>& model, float x) { return model.forward(x); }

// A const model needs a state from the caller.
// expect: a const model takes a State first
#include <inlay/engine.hpp>

float render(const inlay::ModelT<inlay::Dense<1, 1>>& model, float x) { return model.forward(x); }

// A scalar as the first argument, as in RTNeural. One error; using the model adds none.
// expect: ModelT takes layers only; the scalar is the backend's
// errors: 1
#include <inlay/engine.hpp>

float render(inlay::ModelT<float, inlay::Dense<1, 8>, inlay::Dense<8, 1>>& model, float x) { return model.forward(x); }

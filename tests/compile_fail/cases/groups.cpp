// Three input channels in two groups.
// expect: channels are divided evenly among groups
// expect: BasicConv1D<3, 4, 3, 1, 2
#include <inlay/engine.hpp>

inlay::ModelT<inlay::Conv1D<3, 4, 3, 1, 2>> model;

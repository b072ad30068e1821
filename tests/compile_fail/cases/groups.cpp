// Three input channels cannot be split into two groups.
// expect: In and Out must be multiples of Groups
// expect: BasicConv1D<3, 4, 3, 1, 2
#include <inlay/engine.hpp>

inlay::ModelT<inlay::Conv1D<3, 4, 3, 1, 2>> model;

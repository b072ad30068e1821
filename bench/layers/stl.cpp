#include "layers.hpp"

void inlay::bench::add_stl(Suite& suite) { add_backend<StlBackend<Scalar>>(suite, "stl"); }

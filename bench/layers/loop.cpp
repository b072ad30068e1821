#include "layers.hpp"

void inlay::bench::add_loop(Suite& suite) { add_backend<LoopBackend<Scalar>>(suite, "loop"); }

#include "layers.hpp"

void inlay::bench::add_eigen([[maybe_unused]] Suite& suite) {
#if INLAY_HAS_EIGEN
  add_backend<EigenBackend<Scalar>>(suite, "eigen");
#endif
}

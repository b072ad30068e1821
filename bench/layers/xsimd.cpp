#include "layers.hpp"

void inlay::bench::add_xsimd([[maybe_unused]] Suite& suite) {
#if INLAY_HAS_XSIMD
  add_backend<XsimdBackend<Scalar>>(suite, "xsimd");
#endif
}

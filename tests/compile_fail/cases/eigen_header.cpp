// EigenBackend without its header. (<inlay/engine.hpp> has the header where Eigen is the default.)
// expect: #include <inlay/backend/eigen.hpp>
// errors: 1
#include <inlay/backend/eigen_hint.hpp>
#include <inlay/core/concepts.hpp>

static_assert(inlay::Backend<inlay::EigenBackend<float>>);

/// The backends that this translation unit has, and the one that layers take unless told otherwise.
/// A package that is not on the include path removes its backend and nothing else.
#pragma once

#include "inlay/backend/stl.hpp"

#if __has_include(<Eigen/Core>)
#include "inlay/backend/eigen.hpp"
#define INLAY_HAS_EIGEN 1
#else
#define INLAY_HAS_EIGEN 0
#endif

#if __has_include(<xsimd/xsimd.hpp>)
#include "inlay/backend/xsimd.hpp"
#define INLAY_HAS_XSIMD 1
#else
#define INLAY_HAS_XSIMD 0
#endif

namespace inlay {

#if INLAY_HAS_XSIMD
using default_backend = XsimdBackend<float>;
#else
using default_backend = StlBackend<float>;
#endif

}  // namespace inlay

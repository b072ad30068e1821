/// The backend that layers take unless told otherwise, and which others there are.
///
/// A package that is not on the include path removes its backend and nothing else. Only the default's header is
/// included here, since it takes time to compile: for `EigenBackend`, `StlBackend`, `LoopBackend` and `AutoBackend`
/// include <inlay/backend/eigen.hpp>, stl.hpp, loop.hpp and auto.hpp, or <inlay/backend/all.hpp>.
#pragma once

#include "inlay/core/bfloat16.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/math/fast.hpp"

#if __has_include(<Eigen/Core>)
#define INLAY_HAS_EIGEN 1
#else
#define INLAY_HAS_EIGEN 0
#endif

// xsimd 7 is another library; without an instruction set that it knows, it has no batches.
#if __has_include(<xsimd/xsimd.hpp>)
#include <xsimd/config/xsimd_config.hpp>  // its version
#endif
#if defined(XSIMD_VERSION_MAJOR) && XSIMD_VERSION_MAJOR >= 8 && !defined(XSIMD_NO_SUPPORTED_ARCHITECTURE)
#define INLAY_HAS_XSIMD 1
#include "inlay/backend/xsimd.hpp"
#else
#define INLAY_HAS_XSIMD 0
#include <type_traits>

#include "inlay/backend/stl.hpp"
#if INLAY_HAS_EIGEN
#include "inlay/backend/eigen.hpp"
#endif
#endif

namespace inlay::INLAY_ISA {

#if INLAY_HAS_XSIMD
template <std::floating_point T, class Math, StoredWeight<T> Weight>
struct EigenBackend;  // include <inlay/backend/eigen.hpp>, which needs Eigen on the include path
#endif

/// The best backend that is there for a scalar.
#if INLAY_HAS_XSIMD
template <class T, class Math = math::Accurate, class Weight = T>
using default_backend_for = XsimdBackend<T, Math, Weight>;
#elif INLAY_HAS_EIGEN
/// Eigen, unless the standard library has SIMD types and Eigen is needed for nothing.
template <class T, class Math = math::Accurate, class Weight = T>
using default_backend_for =
    std::conditional_t<(StlBackend<T>::width > 1), StlBackend<T, Math, Weight>, EigenBackend<T, Math, Weight>>;
#else
template <class T, class Math = math::Accurate, class Weight = T>
using default_backend_for = StlBackend<T, Math, Weight>;
#endif

using default_backend = default_backend_for<float>;

/// The same with opt-in mathematics that is faster and less precise: `LSTM<1, 20, fast_backend>`.
using fast_backend = default_backend_for<float, math::Fast>;

/// The same with weights in 16 bits, opt-in, for layers whose weights do not fit into the first-level cache:
/// `LSTM<1, 96, compact_backend>`.
using compact_backend = default_backend_for<float, math::Accurate, bfloat16>;

}  // namespace inlay::INLAY_ISA

/// The default backend, and detection of the available ones.
///
/// Without Eigen or xsimd on the include path, the library lacks that backend and nothing else. Only the default
/// backend's header is included here, to save compile time. For `EigenBackend`, `StlBackend`, `VectorBackend`,
/// `LoopBackend` and `AutoBackend` include <inlay/backend/eigen.hpp>, stl.hpp, vector.hpp, loop.hpp and auto.hpp, or
/// <inlay/backend/all.hpp>.
#pragma once

#include "inlay/backend/eigen_hint.hpp"
#include "inlay/core/bfloat16.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/math/fast.hpp"

#if __has_include(<Eigen/Core>)
#define INLAY_HAS_EIGEN 1
#else
#define INLAY_HAS_EIGEN 0
#endif

// Needs xsimd 8: xsimd 7 has another interface. xsimd has no batches for an instruction set that it does not know.
#if __has_include(<xsimd/xsimd.hpp>)
#include <xsimd/config/xsimd_config.hpp>  // defines its version
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

/// The fastest available backend for scalar type T: xsimd, else std::experimental::simd, the vectors of the compiler or
/// Eigen, else plain loops.
#if INLAY_HAS_XSIMD
template <class T, class Math = math::Accurate, class Weight = T>
using default_backend_for = XsimdBackend<T, Math, Weight>;
#elif INLAY_HAS_EIGEN
/// Eigen, unless the standard library or the compiler has SIMD types.
template <class T, class Math = math::Accurate, class Weight = T>
using default_backend_for =
    std::conditional_t<(StlBackend<T>::width > 1), StlBackend<T, Math, Weight>, EigenBackend<T, Math, Weight>>;
#else
template <class T, class Math = math::Accurate, class Weight = T>
using default_backend_for = StlBackend<T, Math, Weight>;
#endif

/// Backend that layers use if none is given: single precision, accurate math functions.
using default_backend = default_backend_for<float>;

/// Default backend with opt-in math functions that are faster and less accurate: `LSTM<1, 20, fast_backend>`. See
/// `math::Fast` for the error bounds.
using fast_backend = default_backend_for<float, math::Fast>;

/// Default backend with opt-in 16-bit weights, for layers whose weights exceed the L1 cache:
/// `LSTM<1, 96, compact_backend>`. See `bfloat16`.
using compact_backend = default_backend_for<float, math::Accurate, bfloat16>;

}  // namespace inlay::INLAY_ISA

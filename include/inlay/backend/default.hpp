/// The backends that this translation unit has, and the one that layers take unless told otherwise.
/// A package that is not on the include path removes its backend and nothing else.
#pragma once

#include <type_traits>

#include "inlay/backend/stl.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/math/fast.hpp"

#if __has_include(<Eigen/Core>)
#include "inlay/backend/eigen.hpp"
#define INLAY_HAS_EIGEN 1
#else
#define INLAY_HAS_EIGEN 0
#endif

// xsimd 7 is another library; without an instruction set that it knows, it has no batches.
#if __has_include(<xsimd/xsimd.hpp>)
#include <xsimd/config/xsimd_config.hpp>  // its version
#endif
#if defined(XSIMD_VERSION_MAJOR) && XSIMD_VERSION_MAJOR >= 8 && !defined(XSIMD_NO_SUPPORTED_ARCHITECTURE)
#include "inlay/backend/xsimd.hpp"
#define INLAY_HAS_XSIMD 1
#else
#define INLAY_HAS_XSIMD 0
#endif

namespace inlay::INLAY_ISA {

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

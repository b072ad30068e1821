/// StlBackend: needs the standard library and the compiler only.
#pragma once

#include <version>

#include "inlay/backend/loop.hpp"
#include "inlay/core/compiler.hpp"

#if __has_include(<experimental/simd>)
#include <experimental/simd>
#endif

// Tests the feature macro, because libc++ ships an incomplete <experimental/simd> without defining it. libstdc++'s
// types hold one value on RISC-V.
#if defined(__cpp_lib_experimental_parallel_simd) && __cpp_lib_experimental_parallel_simd >= 201803 && \
    !INLAY_HAS_RISCV_VECTORS
#include "inlay/backend/stl_simd.hpp"

namespace inlay::INLAY_ISA {

namespace detail {
template <class T, class Math, StoredWeight<T> Weight, bool HasSimd = (std::experimental::native_simd<T>::size() > 1)>
struct StlChoice {
  using type = StlSimdBackend<T, Math, Weight>;
};
template <class T, class Math, StoredWeight<T> Weight>
struct StlChoice<T, Math, Weight, false> {
  using type = LoopBackend<T, Math, Weight>;
};
}  // namespace detail

/// `StlSimdBackend`, or `LoopBackend` on a target without SIMD registers.
template <class T, class Math = math::Accurate, StoredWeight<T> Weight = T>
using StlBackend = typename detail::StlChoice<T, Math, Weight>::type;

}  // namespace inlay::INLAY_ISA
#elif INLAY_HAS_NATIVE_VECTOR
#include "inlay/backend/vector.hpp"

namespace inlay::INLAY_ISA {

namespace detail {
template <class T, class Math, StoredWeight<T> Weight>
struct StlChoice {
  using type = LoopBackend<T, Math, Weight>;
};
template <class T, class Math, StoredWeight<T> Weight>
  requires(compiler::vector_bytes<T> > sizeof(T))
struct StlChoice<T, Math, Weight> {
  using type = VectorBackend<T, Math, Weight>;
};
}  // namespace detail

/// The standard library has no SIMD types for the target: `VectorBackend`, or `LoopBackend` on a target without SIMD
/// registers.
template <class T, class Math = math::Accurate, StoredWeight<T> Weight = T>
using StlBackend = typename detail::StlChoice<T, Math, Weight>::type;

}  // namespace inlay::INLAY_ISA
#else
namespace inlay::INLAY_ISA {

/// The standard library has no SIMD types: `LoopBackend`.
template <class T, class Math = math::Accurate, StoredWeight<T> Weight = T>
using StlBackend = LoopBackend<T, Math, Weight>;

}  // namespace inlay::INLAY_ISA
#endif

/// The kernels of the compiled library for the instruction set that the including file is compiled for. CMake's target
/// inlay::compiled has one source file per instruction set and scalar type (INLAY_KERNELS_SCALAR), which compile in
/// parallel.
#pragma once

#if !defined(INLAY_COMPILED)
#error "inlay: define INLAY_COMPILED for all source files of the program, this one included (docs/compiling.md)"
#endif

#include "inlay/run_time/kernels.ipp"

#define INLAY_NAME_OF_KERNELS(name) name##_kernels
#define INLAY_NAME_OF_KERNELS_(name) INLAY_NAME_OF_KERNELS(name)

namespace inlay::run_time {

/// With INLAY_WIDER_KERNELS, the function is named after the instruction set; otherwise it is `base_kernels`.
#if defined(INLAY_WIDER_KERNELS)
template <class T>
const Kernels<T>& INLAY_NAME_OF_KERNELS_(INLAY_ISA_NAME)() noexcept {
  return kernels::kernels_of<default_backend_for<T>>();
}
template const Kernels<INLAY_KERNELS_SCALAR>& INLAY_NAME_OF_KERNELS_(INLAY_ISA_NAME)() noexcept;
#else
template <class T>
const Kernels<T>& base_kernels() noexcept {
  return kernels::kernels_of<default_backend_for<T>>();
}
template const Kernels<INLAY_KERNELS_SCALAR>& base_kernels() noexcept;
#endif

}  // namespace inlay::run_time

/// The kernels of the instruction set that this file is compiled for, as a part of the compiled library. CMake's target
/// inlay::compiled has a source file for each instruction set, and for each scalar, INLAY_KERNELS_SCALAR: they compile
/// side by side.
#pragma once

#if !defined(INLAY_COMPILED)
#error "inlay: define INLAY_COMPILED for all source files of the program, this one included (docs/compiling.md)"
#endif

#include "inlay/run_time/kernels.ipp"

#define INLAY_NAME_OF_KERNELS(name) name##_kernels
#define INLAY_NAME_OF_KERNELS_(name) INLAY_NAME_OF_KERNELS(name)

namespace inlay::run_time {

/// The wider kernels have a name that tells their instruction set; INLAY_WIDER_KERNELS says that these are such.
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

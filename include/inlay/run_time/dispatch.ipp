/// Which kernels a model runs on.
///
/// A compiled library may hold kernels of several instruction sets: INLAY_HAS_AVX2_KERNELS and INLAY_HAS_AVX512_KERNELS
/// say which, beside those of the instruction set that this file is compiled for. With INLAY_SEPARATE_KERNELS these,
/// too, are in source files of their own.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "inlay/core/compiler.hpp"
#include "inlay/core/processor.hpp"
#include "inlay/io/error.hpp"
#include "inlay/run_time/kernels.hpp"
#if !defined(INLAY_SEPARATE_KERNELS)
#include "inlay/run_time/kernels.ipp"
#endif

namespace inlay::run_time {

#if defined(INLAY_SEPARATE_KERNELS)
template <class T>
const Kernels<T>& base_kernels() noexcept;
#else
template <class T>
const Kernels<T>& base_kernels() noexcept {
  return kernels::kernels_of<default_backend_for<T>>();
}
#endif

#if defined(INLAY_HAS_AVX2_KERNELS)
template <class T>
const Kernels<T>& avx2_kernels() noexcept;
#endif
#if defined(INLAY_HAS_AVX512_KERNELS)
template <class T>
const Kernels<T>& avx512_kernels() noexcept;
#endif

#if defined(INLAY_HAS_AVX512_KERNELS)
/// Of float alone: doubles are for comparisons.
template <class T>
const Kernels<T>* avx512_kernels_if_any() noexcept {
  if constexpr (sizeof(T) == sizeof(float)) return &avx512_kernels<T>();
  else return nullptr;
}
#endif

template <class T>
const Kernels<T>& choose_kernels(std::string_view isa) {
  // The widest come first; those of this file, which every processor has that the program is for, last.
  const Kernels<T>* const all[] = {
#if defined(INLAY_HAS_AVX512_KERNELS)
      avx512_kernels_if_any<T>(),
#endif
#if defined(INLAY_HAS_AVX2_KERNELS)
      &avx2_kernels<T>(),
#endif
      &base_kernels<T>()};
  if (isa.empty())
    if (const char* forced = std::getenv("INLAY_ISA")) isa = forced;
  std::string names;
  for (const Kernels<T>* each : all) {
    if (!each || !processor_has(each->name())) continue;
    if (isa.empty() || isa == each->name()) return *each;
    names += io::concat({names.empty() ? "" : ", ", each->name()});
  }
  throw load_error("instruction set", names, std::string(isa));
}

}  // namespace inlay::run_time

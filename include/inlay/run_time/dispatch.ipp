/// Selection of the kernels that a model runs on.
///
/// The base kernels are those of the instruction set that this file is compiled for. INLAY_HAS_AVX2_KERNELS and
/// INLAY_HAS_AVX512_KERNELS declare that the compiled library holds wider kernels as well. INLAY_SEPARATE_KERNELS
/// declares that the base kernels are in a source file of their own, too.
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
/// AVX-512 kernels exist for float only; null for double.
template <class T>
const Kernels<T>* avx512_kernels_if_any() noexcept {
  if constexpr (sizeof(T) == sizeof(float)) return &avx512_kernels<T>();
  else return nullptr;
}
#endif

template <class T>
const Kernels<T>& choose_kernels(std::string_view isa) {
  // Widest first. Every processor that the program is built for has the base kernels.
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

#pragma once

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/run_time/kernels.hpp"
#include "inlay/run_time/kernels/kernels_of.hpp"

namespace inlay::INLAY_ISA::kernels {

#define INLAY_TEXT_OF(name) #name
#define INLAY_TEXT(name) INLAY_TEXT_OF(name)
/// Returns the kernels of backend B for the instruction set that this file is compiled for.
template <class B>
const KernelsOf<B>& kernels_of() noexcept {
  static constexpr KernelsOf<B> kernels(INLAY_TEXT(INLAY_ISA_NAME));
  return kernels;
}
#undef INLAY_TEXT
#undef INLAY_TEXT_OF

}  // namespace inlay::INLAY_ISA::kernels

/// What the processor can do that the program runs on.
#pragma once

#include <string_view>

namespace inlay {

/// Whether the processor, and the operating system, have the instruction set of a name: "avx2" (with FMA) or "avx512"
/// (F, BW, DQ, VL). True for other names, which stand for what a whole program is compiled for.
inline bool processor_has([[maybe_unused]] std::string_view isa) noexcept {
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
  __builtin_cpu_init();
  if (isa == "avx2") return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == "avx512")
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
#endif
  return true;
}

}  // namespace inlay

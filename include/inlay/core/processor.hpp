/// processor_has: detects instruction sets at run time.
#pragma once

#include <string_view>

namespace inlay {

/// True if processor and operating system support the instruction set: "avx2" (with FMA) or "avx512" (F, BW, DQ, VL).
/// True for all other names: they are baselines that the whole program is compiled for.
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

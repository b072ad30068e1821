/// Detects instruction sets and their cost at run time.
#pragma once

#include <string_view>

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#endif

namespace inlay {

/// True if processor and operating system support the instruction set: "avx2" (with FMA) or "avx512" (F, BW, CD, DQ,
/// VL). True for all other names: they are baselines that the whole program is compiled for.
inline bool processor_has([[maybe_unused]] std::string_view isa) noexcept {
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
  __builtin_cpu_init();
  if (isa == "avx2") return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == "avx512")
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
#endif
  return true;
}

/// True if the processor computes a register of 512 bits in two steps: AMD's Zen 4 (family 0x19). A layer then gains
/// nothing from wide registers that it does not fill.
inline bool processor_splits_512_bits() noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (!__get_cpuid(0, &eax, &ebx, &ecx, &edx)) return false;
  const bool amd = ebx == signature_AMD_ebx && ecx == signature_AMD_ecx && edx == signature_AMD_edx;
  if (!amd || !__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return false;
  const unsigned base_family = eax >> 8 & 0xF, extended_family = eax >> 20 & 0xFF;
  return base_family + extended_family == 0x19;
#else
  return false;
#endif
}

}  // namespace inlay

/// NoDenormals: numbers close to zero are zero for as long as it lives.
#pragma once

#include <cstdint>

#if defined(__SSE__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace inlay {

/// Sets the processor to treat denormal numbers as zero on this thread (x86: FTZ and DAZ; ARM: FZ), and restores its
/// setting at the end of the scope. Recurrent networks and filters that fade to silence are then as fast as with a
/// signal. On other processors it does nothing. Real-time safe.
class NoDenormals {
 public:
#if defined(__SSE__) || defined(_M_X64)
  NoDenormals() noexcept : before_(_mm_getcsr()) { _mm_setcsr(static_cast<unsigned>(before_) | 0x8040u); }
  ~NoDenormals() { _mm_setcsr(static_cast<unsigned>(before_)); }
#elif defined(__aarch64__) && defined(__GNUC__)
  NoDenormals() noexcept {
    __asm__ volatile("mrs %0, fpcr" : "=r"(before_));
    __asm__ volatile("msr fpcr, %0" : : "r"(before_ | flush_to_zero));
  }
  ~NoDenormals() { __asm__ volatile("msr fpcr, %0" : : "r"(before_)); }
#elif defined(__arm__) && defined(__ARM_FP) && defined(__GNUC__)
  NoDenormals() noexcept {
    std::uint32_t before;
    __asm__ volatile("vmrs %0, fpscr" : "=r"(before));
    __asm__ volatile("vmsr fpscr, %0" : : "r"(before | static_cast<std::uint32_t>(flush_to_zero)));
    before_ = before;
  }
  ~NoDenormals() { __asm__ volatile("vmsr fpscr, %0" : : "r"(static_cast<std::uint32_t>(before_))); }
#else
  NoDenormals() noexcept = default;
  ~NoDenormals() {}
#endif
  NoDenormals(const NoDenormals&) = delete;
  NoDenormals& operator=(const NoDenormals&) = delete;

 private:
  static constexpr std::uint64_t flush_to_zero = std::uint64_t{1} << 24;
  [[maybe_unused]] std::uint64_t before_ = 0;
};

}  // namespace inlay

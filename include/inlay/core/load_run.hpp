/// load_run, store_run: several floats by one instruction, for Arm's microcontrollers.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

#if INLAY_MICROCONTROLLER && defined(__ARM_FP) && defined(__GNUC__)

/// The most values that one `load_run` loads. 0 if the target has no such instruction, or has vectors.
template <class T>
inline constexpr std::size_t longest_run = !compiler::has_vectors && sizeof(T) == 4 ? 8 : 0;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wregister"  // C++17 dropped the keyword; both compilers keep it for named registers
/// Calls `f(i, p[i])` for i = 0, ..., N - 1, and advances p by N. The values are loaded together: a compiler would load
/// them one by one. The instruction needs consecutive registers, which are therefore named.
template <std::size_t N, class F>
INLAY_INLINE void load_run(const float*& p, F&& f) noexcept {
  static_assert(N > 0 && N <= 8);
  register float a asm("s16");
  register float b asm("s17");
  register float c asm("s18");
  register float d asm("s19");
  register float e asm("s20");
  register float g asm("s21");
  register float h asm("s22");
  register float i asm("s23");
#define INLAY_LOAD_RUN(Last, ...) asm volatile("vldmia %0!, {s16-" Last "}" : "+r"(p), __VA_ARGS__ : : "memory")
  if constexpr (N == 1) a = *p++;
  if constexpr (N == 2) INLAY_LOAD_RUN("s17", "=t"(a), "=t"(b));
  if constexpr (N == 3) INLAY_LOAD_RUN("s18", "=t"(a), "=t"(b), "=t"(c));
  if constexpr (N == 4) INLAY_LOAD_RUN("s19", "=t"(a), "=t"(b), "=t"(c), "=t"(d));
  if constexpr (N == 5) INLAY_LOAD_RUN("s20", "=t"(a), "=t"(b), "=t"(c), "=t"(d), "=t"(e));
  if constexpr (N == 6) INLAY_LOAD_RUN("s21", "=t"(a), "=t"(b), "=t"(c), "=t"(d), "=t"(e), "=t"(g));
  if constexpr (N == 7) INLAY_LOAD_RUN("s22", "=t"(a), "=t"(b), "=t"(c), "=t"(d), "=t"(e), "=t"(g), "=t"(h));
  if constexpr (N == 8) INLAY_LOAD_RUN("s23", "=t"(a), "=t"(b), "=t"(c), "=t"(d), "=t"(e), "=t"(g), "=t"(h), "=t"(i));
#undef INLAY_LOAD_RUN
  f(0, a);
  if constexpr (N > 1) f(1, b);
  if constexpr (N > 2) f(2, c);
  if constexpr (N > 3) f(3, d);
  if constexpr (N > 4) f(4, e);
  if constexpr (N > 5) f(5, g);
  if constexpr (N > 6) f(6, h);
  if constexpr (N > 7) f(7, i);
}
/// Loads p[0], ..., p[N - 1], N <= 4, into `x`, in registers that `load_run` leaves alone, and advances p by N.
template <std::size_t N>
INLAY_INLINE void load_few(const float*& p, float (&x)[N]) noexcept {
  static_assert(N > 0 && N <= 4);
  register float a asm("s24");
  register float b asm("s25");
  register float c asm("s26");
  register float d asm("s27");
  if constexpr (N == 1) x[0] = *p++;
  if constexpr (N == 2) asm volatile("vldmia %2!, {s24-s25}" : "=t"(a), "=t"(b), "+r"(p) : : "memory");
  if constexpr (N == 3) asm volatile("vldmia %3!, {s24-s26}" : "=t"(a), "=t"(b), "=t"(c), "+r"(p) : : "memory");
  if constexpr (N == 4)
    asm volatile("vldmia %4!, {s24-s27}" : "=t"(a), "=t"(b), "=t"(c), "=t"(d), "+r"(p) : : "memory");
  if constexpr (N > 1) x[0] = a, x[1] = b;
  if constexpr (N > 2) x[2] = c;
  if constexpr (N > 3) x[3] = d;
}
/// Stores four values to p[0], ..., p[3], and advances p by 4.
INLAY_INLINE void store_run(float*& p, const float (&x)[4]) noexcept {
  register float a asm("s16") = x[0];
  register float b asm("s17") = x[1];
  register float c asm("s18") = x[2];
  register float d asm("s19") = x[3];
  asm volatile("vstmia %0!, {s16-s19}" : "+r"(p) : "t"(a), "t"(b), "t"(c), "t"(d) : "memory");
}
/// Calls `f(i, p[i])` for i = 0, ..., N - 1, N <= 4, with integers as floats. Two integers are moved to registers of
/// floats by one instruction.
template <std::size_t N, class Integer, class F>
INLAY_INLINE void convert_run(const Integer* p, F&& f) noexcept {
  static_assert(N > 0 && N <= 4);
  register float a asm("s16");
  register float b asm("s17");
  register float c asm("s18");
  register float d asm("s19");
  const int i = p[0], j = N > 1 ? p[N > 1] : 0, k = N > 2 ? p[N > 2 ? 2 : 0] : 0, l = N > 3 ? p[N > 3 ? 3 : 0] : 0;
  if constexpr (N <= 2)
    asm volatile(
        "vmov s16, s17, %2, %3\n\t"
        "vcvt.f32.s32 s16, s16\n\tvcvt.f32.s32 s17, s17"
        : "=t"(a), "=t"(b)
        : "r"(i), "r"(j));
  else
    asm volatile(
        "vmov s16, s17, %4, %5\n\tvmov s18, s19, %6, %7\n\t"
        "vcvt.f32.s32 s16, s16\n\tvcvt.f32.s32 s17, s17\n\tvcvt.f32.s32 s18, s18\n\tvcvt.f32.s32 s19, s19"
        : "=t"(a), "=t"(b), "=t"(c), "=t"(d)
        : "r"(i), "r"(j), "r"(k), "r"(l));
  f(0, a);
  if constexpr (N > 1) f(1, b);
  if constexpr (N > 2) f(2, c);
  if constexpr (N > 3) f(3, d);
}
#pragma GCC diagnostic pop

/// Copies eight values, and advances both pointers by 8.
INLAY_INLINE void copy_run(const float*& from, float*& to) noexcept {
  asm volatile("vldmia %0!, {s16-s23}\n vstmia %1!, {s16-s23}"
               : "+r"(from), "+r"(to)
               :
               : "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "memory");
}

/// Keeps what `x` is computed from before the next `load_run`. Compilers would load the next run earlier, and copy the
/// values of this one to other registers.
INLAY_INLINE void before_next_run(float& x) noexcept { asm volatile("" : "+t"(x)); }

#else
template <class T>
inline constexpr std::size_t longest_run = 0;

template <std::size_t N, class T, class F>
INLAY_INLINE void load_run(const T*& p, F&& f) noexcept {
  for (std::size_t i = 0; i < N; ++i) f(i, p[i]);
  p += N;
}
template <std::size_t N, class Integer, class F>
INLAY_INLINE void convert_run(const Integer* p, F&& f) noexcept {
  for (std::size_t i = 0; i < N; ++i) f(i, static_cast<float>(p[i]));
}
template <class T>
INLAY_INLINE void copy_run(const T*& from, T*& to) noexcept {
  for (std::size_t i = 0; i < 8; ++i) *to++ = *from++;
}
template <class T>
INLAY_INLINE void before_next_run(T&) noexcept {}
template <std::size_t N, class T>
INLAY_INLINE void load_few(const T*& p, T (&x)[N]) noexcept {
  for (std::size_t i = 0; i < N; ++i) x[i] = *p++;
}
template <class T>
INLAY_INLINE void store_run(T*& p, const T (&x)[4]) noexcept {
  for (std::size_t i = 0; i < 4; ++i) *p++ = x[i];
}
#endif

}  // namespace inlay::INLAY_ISA

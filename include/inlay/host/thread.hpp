/// Priority and processors of the calling thread, for each operating system; time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#endif
#if defined(_WIN32)
#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>
#elif __has_include(<pthread.h>)
#include <pthread.h>
#include <sched.h>
#if defined(__APPLE__)
#include <pthread/qos.h>
#endif
#endif

namespace inlay::host {

/// How a worker competes with other threads.
enum class Priority {
  /// As any thread.
  normal,
  /// Before ordinary threads. Linux: SCHED_FIFO, lowest priority; needs the right to it, as audio users have. macOS:
  /// user
  /// interactive. Windows: highest.
  high,
  /// As an audio thread. Linux: SCHED_FIFO, a little below what JACK and PipeWire use. macOS: user interactive, round
  /// robin. Windows: time critical.
  real_time
};

namespace detail {

/// Tells the processor that the thread is only waiting.
inline void pause() noexcept {
#if defined(__SSE2__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
  __asm__ volatile("yield");
#endif
}

using Clock = std::chrono::steady_clock;
inline std::int64_t now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

/// Sets the calling thread's priority. Returns whether the system allows it.
inline bool set_priority([[maybe_unused]] Priority priority) noexcept {
  if (priority == Priority::normal) return true;
#if defined(_WIN32)
  return SetThreadPriority(GetCurrentThread(), priority == Priority::real_time ? THREAD_PRIORITY_TIME_CRITICAL
                                                                               : THREAD_PRIORITY_HIGHEST) != 0;
#elif __has_include(<pthread.h>)
#if defined(__APPLE__)
  if (priority == Priority::high) return pthread_set_qos_class_self_np(QOS_CLASS_USER_INTERACTIVE, 0) == 0;
  const int policy = SCHED_RR, level = 47;
#else
  const int policy = SCHED_FIFO, lowest = sched_get_priority_min(SCHED_FIFO);
  const int level = priority == Priority::real_time ? lowest + 59 : lowest;
#endif
  sched_param parameters{};
  parameters.sched_priority = level;
  return pthread_setschedparam(pthread_self(), policy, &parameters) == 0;
#else
  return false;
#endif
}

/// Restricts the calling thread to some processors, counted from 0. Returns whether the system allows it; macOS does
/// not.
inline bool set_processors([[maybe_unused]] std::span<const unsigned> processors) noexcept {
  if (processors.empty()) return true;
#if defined(_WIN32)
  DWORD_PTR mask = 0;
  for (const unsigned p : processors)
    if (p < sizeof(mask) * 8) mask |= DWORD_PTR{1} << p;
  return SetThreadAffinityMask(GetCurrentThread(), mask) != 0;
#elif defined(__linux__) && defined(CPU_SET)
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned p : processors)
    if (p < CPU_SETSIZE) CPU_SET(p, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof(set), &set) == 0;
#else
  return false;
#endif
}

}  // namespace detail
}  // namespace inlay::host

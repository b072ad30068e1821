/// Semaphore: what workers sleep on.
#pragma once

#if defined(__linux__)
#include <semaphore.h>

#include <cerrno>
#else
#include <semaphore>
#endif

namespace inlay::host::detail {

/// Counts releases, and lets as many callers of `acquire` pass. On Linux it is the system's: libstdc++'s
/// std::counting_semaphore (GCC bug 98033) can lose a wake-up if several threads wait, and wakes all of them for one
/// release.
#if defined(__linux__)
class Semaphore {
 public:
  Semaphore() noexcept { sem_init(&semaphore_, 0, 0); }
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore() { sem_destroy(&semaphore_); }
  void release() noexcept { sem_post(&semaphore_); }
  void acquire() noexcept {
    while (sem_wait(&semaphore_) != 0 && errno == EINTR) {
    }
  }
  bool try_acquire() noexcept { return sem_trywait(&semaphore_) == 0; }

 private:
  sem_t semaphore_;
};
#else
class Semaphore : public std::counting_semaphore<> {
 public:
  Semaphore() : std::counting_semaphore<>(0) {}
};
#endif

}  // namespace inlay::host::detail

/// Replaces malloc, its relatives and pthread_mutex_lock by functions that count their calls. operator new calls
/// malloc.
#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>
#include <cstddef>

#include "realtime/realtime.hpp"

namespace {
thread_local bool in_realtime = false;
thread_local const char* violation = "";

void forbid(const char* what) noexcept {
  if (in_realtime) violation = what;
}
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) noexcept {
  forbid("allocates");
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  forbid("allocates");
  return __libc_calloc(count, size);
}
void* realloc(void* p, std::size_t size) noexcept {
  forbid("allocates");
  return __libc_realloc(p, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  forbid("allocates");
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** p, std::size_t alignment, std::size_t size) noexcept {
  forbid("allocates");
  *p = __libc_memalign(alignment, size);
  return *p ? 0 : ENOMEM;
}
void free(void* p) noexcept {
  forbid("frees");
  __libc_free(p);
}
int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  forbid("locks");
  static const auto lock = reinterpret_cast<int (*)(pthread_mutex_t*)>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  return lock(mutex);
}
}

namespace realtime {

const bool violations_are_fatal = false;

const char* check(const std::function<void()>& code) {
  violation = "";
  in_realtime = true;
  code();
  in_realtime = false;
  return violation;
}

}  // namespace realtime

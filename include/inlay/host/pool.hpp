/// Pool: the threads that run engines.
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

#include "inlay/host/thread.hpp"

namespace inlay::host {

namespace detail {
class PoolCore;
class SessionCore;
}  // namespace detail

/// Options of a Pool.
struct PoolOptions {
  static constexpr std::size_t automatic = std::numeric_limits<std::size_t>::max();
  /// Number of threads. `automatic`: half as many as the machine has, at least one. 0: none; the host's threads call
  /// `Pool::run_one`.
  std::size_t workers = automatic;
  Priority priority = Priority::high;
  /// The processors that workers may use, counted from 0. Empty: all. Linux and Windows.
  std::vector<unsigned> processors{};
  /// How long a worker looks for work before it sleeps. If the audio thread has no real-time priority and the workers
  /// do, they keep it from a processor for so long. A worker that sleeps costs nothing, but to wake it costs the audio
  /// thread a system call and the job some time (Budget::wake_ms).
  std::chrono::microseconds spin{20};
  /// Above 0: a worker that sleeps looks for work again after this time, and nobody wakes it. The audio thread then
  /// never calls the system, jobs begin so much later (Budget::wake_ms), and an idle pool costs something. At most 100
  /// ms. 0: workers sleep until they are woken.
  std::chrono::microseconds poll{0};
};

/// What a pool does.
struct PoolStats {
  std::size_t workers = 0, lanes = 0;
  /// Workers whose priority or processors the system has not granted.
  std::size_t refused = 0;
};

/// Threads that run the jobs of sessions; the job whose result is needed first goes first. The threads start with the
/// first prepared session and end with the last. A Pool is a handle: copies are the same pool, and sessions keep it
/// alive.
class Pool {
 public:
  /// A pool of one's own.
  explicit Pool(PoolOptions options = {});
  /// The pool that everything in a program, or in a plugin's binary, shares.
#if defined(__GNUC__) && !defined(_WIN32) && !defined(INLAY_COMPILED)
  __attribute__((visibility("hidden")))  // otherwise GCC has plugins share one, whatever their version of inlay is
#endif
  static Pool
  shared();

  /// Runs the most urgent job on the calling thread. Returns false if there is none. For the host's threads, such as
  /// CLAP's thread pool, and for tests. As real-time safe as the engine.
  bool run_one() noexcept;

  PoolStats stats() const noexcept;

 private:
  friend class detail::SessionCore;
  std::shared_ptr<detail::PoolCore> core_;
};

}  // namespace inlay::host

#if !defined(INLAY_COMPILED)
#include "inlay/host/pool.ipp"
#endif

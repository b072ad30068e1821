/// Pool: the threads that run engines.
#pragma once

#include <memory>

#include "inlay/host/pool_options.hpp"

namespace inlay::host {

namespace detail {
class PoolCore;
class SessionCore;
}  // namespace detail

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

/// PoolOptions and PoolStats: what a pool is to do, and what it does.
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <vector>

#include "inlay/host/thread.hpp"

namespace inlay::host {

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

}  // namespace inlay::host

/// Stats: what has happened to a session.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace inlay::host {

/// Counted since `Session::prepare`.
struct Stats {
  /// Runs of the engine, and those that failed: that returned false, threw, or gave NaN or infinity.
  std::uint64_t runs = 0, failures = 0;
  /// Jobs whose result was late, and jobs that did not run because older ones had not finished or their time was over.
  std::uint64_t misses = 0, skipped = 0;
  /// Output frames that were filled in because their job was late, failed or did not run.
  std::uint64_t missing_frames = 0;
  /// Frames of the reference tensor in all runs.
  std::uint64_t frames = 0;
  /// Longest run and all runs together, in ms.
  double longest_run_ms = 0, run_ms = 0;
  /// Share of the lanes' time that runs have taken. Above 1 they cannot keep up.
  double load = 0;
};

namespace detail {

/// The counters behind `Stats`. The audio thread and workers count, any thread reads.
struct Counters {
  std::atomic<std::uint64_t> runs{0}, failures{0}, misses{0}, skipped{0}, missing_frames{0}, frames{0};
  std::atomic<std::int64_t> longest_ns{0}, total_ns{0};
  std::atomic<double> ns_per_frame{0};

  template <class T, class N>
  static void add(std::atomic<T>& counter, N n) noexcept {
    counter.fetch_add(static_cast<T>(n), std::memory_order_relaxed);
  }
  void ran(std::int64_t ns, std::size_t run_frames, bool good) noexcept {
    if (!good) add(failures, 1);
    add(runs, 1);
    add(frames, run_frames);
    add(total_ns, ns);
    std::int64_t longest = longest_ns.load(std::memory_order_relaxed);
    while (ns > longest && !longest_ns.compare_exchange_weak(longest, ns, std::memory_order_relaxed)) {
    }
  }
  /// Starts again. `ns`: the time that lanes have for a frame.
  void restart(double ns) noexcept {
    for (auto* counter : {&runs, &failures, &misses, &skipped, &missing_frames, &frames}) counter->store(0);
    for (auto* counter : {&longest_ns, &total_ns}) counter->store(0);
    ns_per_frame.store(ns);
  }
  Stats read() const noexcept {
    const auto get = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
    Stats stats{get(runs),
                get(failures),
                get(misses),
                get(skipped),
                get(missing_frames),
                get(frames),
                static_cast<double>(get(longest_ns)) * 1e-6,
                static_cast<double>(get(total_ns)) * 1e-6};
    if (stats.frames > 0) stats.load = stats.run_ms * 1e6 / (static_cast<double>(stats.frames) * get(ns_per_frame));
    return stats;
  }
};

}  // namespace detail
}  // namespace inlay::host

/// PoolCore: a pool's threads, and how they choose what to run.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "inlay/core/no_denormals.hpp"
#include "inlay/host/pool_options.hpp"
#include "inlay/host/semaphore.hpp"
#include "inlay/host/thread.hpp"

namespace inlay::host::detail {

/// A queue of jobs that run one at a time, in order: what a pool schedules.
class Queue {
 public:
  Queue() = default;
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  /// Runs the oldest of `count` jobs that anybody needs, and drops older ones. Returns how many are done with.
  virtual std::size_t run_oldest(std::size_t count) noexcept = 0;
  /// When the oldest job's result is needed, on the steady clock in ns. Only while there are jobs.
  virtual std::int64_t deadline() const noexcept = 0;

  /// Number of jobs that have not finished.
  std::size_t pending() const noexcept { return pending_.load(std::memory_order_acquire); }

 protected:
  ~Queue() = default;

 private:
  friend class PoolCore;
  std::size_t slot_ = 0;  // in the pool's table
  std::atomic<std::size_t> pending_{0};
};

/// A pool's queues with work, as a bitmap, and its threads. The bit of a queue is set while it has jobs and nobody runs
/// one of them: who clears it may run the oldest. Deadlines lie beside the bits, so that a queue is only touched by its
/// owner.
class PoolCore {
 public:
  explicit PoolCore(PoolOptions options) : options_(std::move(options)) {
    if (options_.workers == PoolOptions::automatic)
      options_.workers = std::max<std::size_t>(1, std::thread::hardware_concurrency() / 2);
    // `stop` waits for a worker that sleeps.
    options_.poll = std::min(options_.poll, std::chrono::microseconds(100'000));
  }
  PoolCore(const PoolCore&) = delete;
  PoolCore& operator=(const PoolCore&) = delete;

  // --- any thread but the audio thread ----------------------------------------------------------------

  /// Adds queues. The first ones start the threads. Throws std::runtime_error if the table is full.
  void add(const std::vector<Queue*>& queues) {
    const std::lock_guard lock(mutex_);
    if (queues.size() > capacity - queues_)
      throw std::runtime_error("inlay::host::Pool: a pool serves at most 1024 lanes");
    if (queues_ == 0) start();
    std::size_t slot = 0;
    for (Queue* queue : queues) {
      while (table_[slot].load(std::memory_order_relaxed) != nullptr) ++slot;
      queue->slot_ = slot;
      table_[slot].store(queue, std::memory_order_release);
      if (slot / 64 >= words_in_use_.load(std::memory_order_relaxed)) words_in_use_.store(slot / 64 + 1);
    }
    queues_ += queues.size();
  }

  /// Removes queues that have no jobs. The last ones stop the threads.
  void remove(const std::vector<Queue*>& queues) noexcept {
    const std::lock_guard lock(mutex_);
    for (const Queue* queue : queues) table_[queue->slot_].store(nullptr, std::memory_order_relaxed);
    queues_ -= queues.size();
    if (queues_ == 0) stop();
  }

  /// Waits until a queue has no jobs, and helps.
  void drain(Queue& queue) noexcept {
    for (int rounds = 0; queue.pending() > 0; ++rounds) {
      if (claim(queue.slot_)) run(queue.slot_);
      else if (rounds < 100) std::this_thread::yield();
      else std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }

  PoolStats stats() noexcept {
    const std::lock_guard lock(mutex_);
    return {threads_.size(), queues_, refused_.load()};
  }

  bool has_workers() const noexcept { return options_.workers > 0; }

  // --- audio threads ----------------------------------------------------------------------------------

  /// Says that a queue has one job more. Calls the system only if a worker sleeps.
  void submit(Queue& queue, std::int64_t deadline) noexcept {
    if (queue.pending_.fetch_add(1, std::memory_order_acq_rel) > 0) return;  // who runs the job before sets the bit
    offer(queue.slot_, deadline);
    wake();
  }

  // --- workers ----------------------------------------------------------------------------------------

  /// Runs the job whose result is needed first. Returns false if there is none. `returns`: whether the thread looks for
  /// work again; otherwise it leaves further jobs of the same queue to a worker.
  bool run_one(bool returns = false) noexcept {
    for (;;) {
      std::size_t first = capacity;
      std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
      const std::size_t words = words_in_use_.load(std::memory_order_relaxed);
      for (std::size_t word = 0; word < words; ++word)
        for (std::uint64_t bits = ready_[word].load(std::memory_order_seq_cst); bits != 0; bits &= bits - 1) {
          const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
          const std::int64_t deadline = deadline_[slot].load(std::memory_order_relaxed);
          if (first == capacity || deadline < earliest) first = slot, earliest = deadline;
        }
      if (first == capacity) return false;
      if (!claim(first)) continue;
      if (run(first) && !returns) wake();
      return true;
    }
  }

 private:
  static constexpr std::size_t capacity = 1024;

  bool claim(std::size_t slot) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
    return (ready_[slot / 64].fetch_and(~bit, std::memory_order_acq_rel) & bit) != 0;
  }
  void offer(std::size_t slot, std::int64_t deadline) noexcept {
    deadline_[slot].store(deadline, std::memory_order_relaxed);
    ready_[slot / 64].fetch_or(std::uint64_t{1} << (slot % 64), std::memory_order_seq_cst);
  }
  /// Runs a job of a queue that has been claimed. Returns whether it has more.
  bool run(std::size_t slot) noexcept {
    Queue& queue = *table_[slot].load(std::memory_order_acquire);
    const std::size_t done = queue.run_oldest(queue.pending());
    // With no jobs left, the queue may be gone after this.
    if (queue.pending_.fetch_sub(done, std::memory_order_acq_rel) == done) return false;
    offer(slot, queue.deadline());
    return true;
  }

  /// Wakes one worker if one sleeps. Each sleeping worker is woken once: whoever lowers `sleeping_` releases.
  void wake() noexcept {
    int sleeping = sleeping_.load(std::memory_order_seq_cst);
    for (int attempt = 0; sleeping > 0 && attempt < 16; ++attempt) {
      if (!sleeping_.compare_exchange_weak(sleeping, sleeping - 1, std::memory_order_seq_cst)) continue;
      semaphore_.release();
      return;
    }
    if (sleeping > 0) semaphore_.release();  // one too many wakes a worker that finds nothing to do
  }

  bool any_ready() const noexcept {
    const std::size_t words = words_in_use_.load(std::memory_order_seq_cst);
    for (std::size_t word = 0; word < words; ++word)
      if (ready_[word].load(std::memory_order_seq_cst) != 0) return true;
    return false;
  }

  void start() {
    stopping_.store(false);
    refused_.store(0);
    try {
      for (std::size_t i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { work(); });
    } catch (...) {
      stop();
      throw;
    }
  }
  void stop() noexcept {
    stopping_.store(true);
    for (std::size_t i = 0; i < threads_.size(); ++i) semaphore_.release();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    sleeping_.store(0);
    while (semaphore_.try_acquire()) {
    }
  }

  void work() noexcept {
    const NoDenormals no_denormals;
    if (const bool granted = set_priority(options_.priority); !set_processors(options_.processors) || !granted)
      refused_.fetch_add(1, std::memory_order_relaxed);
    while (!stopping_.load(std::memory_order_relaxed)) {
      if (run_one(true) || spin()) continue;
      if (options_.poll.count() > 0) {
        std::this_thread::sleep_for(options_.poll);
        continue;
      }
      sleeping_.fetch_add(1, std::memory_order_seq_cst);
      // Whoever offers a job from here on sees that this worker sleeps.
      if (any_ready() || stopping_.load(std::memory_order_seq_cst)) {
        int sleeping = sleeping_.load(std::memory_order_seq_cst);
        while (sleeping > 0 && !sleeping_.compare_exchange_weak(sleeping, sleeping - 1, std::memory_order_seq_cst)) {
        }
        if (sleeping > 0) continue;
        // Somebody is about to release for this worker: take it, so that it does not stay behind.
      }
      semaphore_.acquire();
    }
  }
  /// Looks for work, ever less often. Returns whether there is some, or the pool stops.
  bool spin() const noexcept {
    const auto end = Clock::now() + options_.spin;
    for (int pauses = 4;; pauses = std::min(pauses * 2, 64)) {
      for (int i = 0; i < pauses; ++i) pause();
      if (any_ready() || stopping_.load(std::memory_order_relaxed)) return true;
      if (Clock::now() >= end) return false;
    }
  }

  alignas(64) std::array<std::atomic<std::uint64_t>, capacity / 64> ready_{};
  alignas(64) std::atomic<int> sleeping_{0};
  std::atomic<std::size_t> words_in_use_{0};
  std::array<std::atomic<std::int64_t>, capacity> deadline_{};
  std::array<std::atomic<Queue*>, capacity> table_{};
  Semaphore semaphore_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> refused_{0};
  std::mutex mutex_;
  std::size_t queues_ = 0;
  std::vector<std::thread> threads_;
  PoolOptions options_;
};

}  // namespace inlay::host::detail

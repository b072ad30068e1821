/// Values that go between the audio thread, the workers and any other thread without locks.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

namespace inlay::host::detail {

/// A list of values that many threads write and one thread reads, always as a whole. Nobody waits: a writer takes one
/// of 32 buffers, fills it and leaves it for the reader.
class Mailbox {
 public:
  explicit Mailbox(std::size_t size) : size_(size), buffers_(count * size), current_(size) {}

  std::size_t size() const noexcept { return size_; }

  /// Any thread. Returns false, and changes nothing, if 31 other threads are writing.
  bool write(std::span<const float> values) noexcept {
    for (std::uint32_t free = free_.load(std::memory_order_relaxed); free != 0; free &= free - 1) {
      const auto i = static_cast<std::uint32_t>(std::countr_zero(free));
      if ((free_.fetch_and(~bit(i), std::memory_order_acquire) & bit(i)) == 0) continue;  // another writer has it
      std::copy_n(values.begin(), std::min(size_, values.size()), buffers_.begin() + offset(i));
      give_back(newest_.exchange(i, std::memory_order_acq_rel));
      return true;
    }
    return false;
  }

  /// The reading thread. Returns the values written last, at first zeros.
  std::span<const float> read() noexcept {
    if (newest_.load(std::memory_order_relaxed) != none) {
      const std::uint32_t i = newest_.exchange(none, std::memory_order_acq_rel);
      std::copy_n(buffers_.begin() + offset(i), size_, current_.begin());
      give_back(i);
    }
    return current_;
  }

 private:
  static constexpr std::uint32_t count = 32, none = count;
  static constexpr std::uint32_t bit(std::uint32_t i) noexcept { return std::uint32_t{1} << i; }
  std::ptrdiff_t offset(std::uint32_t i) const noexcept { return static_cast<std::ptrdiff_t>(i * size_); }
  void give_back(std::uint32_t i) noexcept {
    if (i != none) free_.fetch_or(bit(i), std::memory_order_release);
  }

  std::size_t size_;
  std::vector<float> buffers_, current_;
  std::atomic<std::uint32_t> free_{~std::uint32_t{0}}, newest_{none};
};

/// A list of values that workers write and many threads read, always as a whole. Readers disturb nobody. Version n is
/// in buffer n % 2, so that a version can be read while the next one is being written.
class Snapshot {
 public:
  explicit Snapshot(std::size_t size) : size_(size), buffers_(2 * size) {}

  std::size_t size() const noexcept { return size_; }

  /// Forgets the values, for job numbers that start again. Not while a worker writes.
  void restart() noexcept {
    next_job_ = 0;
    first_.store(version_.load(std::memory_order_relaxed), std::memory_order_release);
  }

  /// A worker publishes the values of a job, unless a later job has. Waits for another worker that is publishing.
  void write(std::uint64_t job, const float* values) noexcept {
    while (writing_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
    if (job >= next_job_) {
      next_job_ = job + 1;
      const std::uint64_t version = version_.load(std::memory_order_relaxed) + 1;
      // Who reads one of these from the version before the last sees that it is over.
      for (std::size_t i = 0; i < size_; ++i) buffer(version)[i].store(values[i], std::memory_order_release);
      version_.store(version, std::memory_order_release);
    }
    writing_.store(false, std::memory_order_release);
  }

  /// Any thread. Returns false, and leaves `values` in an unspecified state, if there is nothing yet.
  bool read(std::span<float> values) const noexcept {
    for (int attempt = 0; attempt < 64; ++attempt) {
      const std::uint64_t version = version_.load(std::memory_order_acquire);
      if (version <= first_.load(std::memory_order_acquire)) return false;
      for (std::size_t i = 0; i < std::min(values.size(), size_); ++i)
        values[i] = buffer(version)[i].load(std::memory_order_acquire);
      if (version_.load(std::memory_order_relaxed) == version) return true;
    }
    return false;  // 64 versions have been published meanwhile
  }

 private:
  std::atomic<float>* buffer(std::uint64_t version) noexcept { return buffers_.data() + version % 2 * size_; }
  const std::atomic<float>* buffer(std::uint64_t version) const noexcept {
    return buffers_.data() + version % 2 * size_;
  }

  std::size_t size_;
  std::vector<std::atomic<float>> buffers_;
  std::atomic<std::uint64_t> version_{0}, first_{0};  // first_: the version before the first job's
  std::atomic<bool> writing_{false};
  std::uint64_t next_job_ = 0;  // of who is writing
};

}  // namespace inlay::host::detail

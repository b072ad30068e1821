/// RecentSignal: the last frames of a signal that the audio thread writes and any thread can read.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "inlay/core/condition.hpp"

namespace inlay::internal {

/// Keeps the last frames of several channels. Frames are numbered from 0. Writing is real-time safe, and nobody waits:
/// a reader notices if the frames that it reads are overwritten meanwhile.
template <class T>
class RecentSignal {
 public:
  /// Keeps at least `frames` frames of `inputs` channels and of `conditions` side channels.
  RecentSignal(std::size_t inputs, std::size_t conditions, std::size_t frames)
      : inputs_(inputs),
        conditions_(conditions),
        capacity_(std::bit_ceil(frames)),
        memory_((inputs + conditions) * capacity_) {}

  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t channels() const noexcept { return inputs_ + conditions_; }
  /// Number of frames written so far.
  std::uint64_t written() const noexcept { return written_.load(std::memory_order_acquire); }
  /// Frame at which the signal last started.
  std::uint64_t start() const noexcept { return start_.load(std::memory_order_acquire); }

  // --- audio thread -----------------------------------------------------------------------------------

  /// The frames that follow are another signal.
  void restart() noexcept { start_.store(written_.load(std::memory_order_relaxed), std::memory_order_release); }

  /// Writes at most `capacity()` frames. Side channels that are values are repeated. Missing ones are 0.
  void write(const T* const* in, const Condition<T>& condition, std::size_t frames) noexcept {
    const std::uint64_t first = written_.load(std::memory_order_relaxed);
    writing_.store(first + frames, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    const std::size_t values = std::min(condition.values.size(), conditions_);
    const std::size_t signals = condition.channels != nullptr ? conditions_ - values : 0;
    for (std::size_t c = 0; c < inputs_; ++c) write(c, first, frames, [&](std::size_t t) { return in[c][t]; });
    for (std::size_t c = 0; c < conditions_; ++c)
      write(inputs_ + c, first, frames, [&](std::size_t t) {
        if (c < signals) return condition.channels[c][t];
        return c - signals < values ? condition.values[c - signals] : T(0);
      });
    written_.store(first + frames, std::memory_order_release);
  }

  // --- any thread -------------------------------------------------------------------------------------

  /// Copies frames that have been written: inputs, then side channels. Returns false if they are not there any more;
  /// `out` then holds anything.
  bool read(std::uint64_t first, std::size_t frames, T* const* out) const noexcept {
    for (std::size_t c = 0; c < channels(); ++c)
      for (std::size_t t = 0; t < frames; ++t)
        out[c][t] = memory_[c * capacity_ + index(first + t)].load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    return writing_.load(std::memory_order_relaxed) - first <= capacity_;
  }

 private:
  template <class Values>
  void write(std::size_t channel, std::uint64_t first, std::size_t frames, Values value) noexcept {
    const std::size_t until_end = capacity_ - index(first), before = std::min(frames, until_end);
    std::atomic<T>* const row = &memory_[channel * capacity_];
    for (std::size_t t = 0; t < before; ++t) row[index(first) + t].store(value(t), std::memory_order_relaxed);
    for (std::size_t t = before; t < frames; ++t) row[t - before].store(value(t), std::memory_order_relaxed);
  }
  std::size_t index(std::uint64_t frame) const noexcept { return static_cast<std::size_t>(frame & (capacity_ - 1)); }

  std::size_t inputs_, conditions_, capacity_;
  std::vector<std::atomic<T>> memory_;
  std::atomic<std::uint64_t> written_{0}, writing_{0}, start_{0};  // writing_: written_, once the write is done
};

}  // namespace inlay::internal

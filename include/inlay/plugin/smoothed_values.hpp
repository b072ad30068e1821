/// SmoothedValues: knobs that are turned without a zipper noise.
#pragma once

#include <algorithm>
#include <atomic>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <vector>

#include "inlay/core/all_within.hpp"
#include "inlay/core/channel_memory.hpp"

namespace inlay {

/// Values that other threads set and that the audio thread gets as signals: each goes to its target in a straight line.
///
///     inlay::SmoothedValues<float> knobs(2, {.ramp_frames = 960, .max_frames = 4096});
///     knobs.set(0, 0.7f);                                     // any thread
///     model.process(in, out, frames, knobs.next(frames));     // audio thread: as side channels
///
/// With r frames of the ramp left, a value is target - r (target - start) / ramp_frames. A new target starts a new ramp
/// from the present value. How a signal is cut into calls does not change the values, as long as no target does.
///
/// Real-time safety: `next` and `jump` belong to the audio thread, `set` and `target` to any thread. None of them
/// allocates, locks or waits.
template <std::floating_point T = float>
class SmoothedValues {
 public:
  struct Options {
    std::size_t ramp_frames = 960;  ///< 20 ms at 48 kHz
    std::size_t max_frames = 8192;  ///< largest number of frames of a call of `next`
  };

  /// `count` values, all 0. Allocates.
  explicit SmoothedValues(std::size_t count) : SmoothedValues(count, Options{}) {}
  SmoothedValues(std::size_t count, const Options& options)
      : options_(options), values_(count), signals_(count, options.max_frames) {}

  std::size_t size() const noexcept { return values_.size(); }

  /// A value that is not finite is ignored.
  void set(std::size_t i, T value) noexcept {
    if (internal::all_finite<T>({&value, 1})) values_[i].target.store(value, std::memory_order_relaxed);
  }
  T target(std::size_t i) const noexcept { return values_[i].target.load(std::memory_order_relaxed); }

  /// Ends all ramps: at the start of a signal.
  void jump() noexcept {
    for (std::size_t i = 0; i < size(); ++i) values_[i].jump(target(i));
  }

  /// Returns the next `frames` values of each, valid until the next call. `frames` is at most `max_frames`.
  const T* const* next(std::size_t frames) noexcept {
    assert(frames <= options_.max_frames);
    for (std::size_t i = 0; i < size(); ++i) {
      Value& value = values_[i];
      if (const T target = this->target(i); target != value.end) value.go_to(target, options_.ramp_frames);
      const std::size_t moving = std::min(frames, value.left);
      for (std::size_t t = 0; t < moving; ++t) signals_[i][t] = value.after(t + 1);
      std::fill(signals_[i] + moving, signals_[i] + frames, value.end);
      value.left -= moving;
    }
    return signals_.channels();
  }

 private:
  struct Value {
    std::atomic<T> target{0};
    T end = 0, step = 0;   ///< where the ramp ends, and its slope
    std::size_t left = 0;  ///< frames of the ramp that are left

    T after(std::size_t frames) const noexcept { return end - step * static_cast<T>(left - frames); }
    void jump(T to) noexcept { end = to, left = 0; }
    void go_to(T to, std::size_t frames) noexcept {
      const T from = after(0);
      end = to;
      left = frames;
      step = frames > 0 ? (to - from) / static_cast<T>(frames) : T(0);
    }
  };

  Options options_;
  std::vector<Value> values_;
  internal::ChannelMemory<T> signals_;
};

}  // namespace inlay

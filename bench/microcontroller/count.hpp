/// Counts executed instructions in an emulator that counts one nanosecond for each (`qemu-system-arm -icount shift=0`).
#pragma once

#include <cstdint>

namespace count {

/// The processor's timer, 24 bits, which counts down at the board's clock.
class Timer {
 public:
  static void start() {
    *reload = 0xFFFFFF;
    *value = 0;
    *control = 5;  // on, the processor's clock, no interrupt
  }
  /// Ticks since the last call, which must be less than 2^24 ago.
  std::uint32_t lap() {
    const std::uint32_t now = *value, ticks = (last_ - now) & 0xFFFFFF;
    last_ = now;
    return ticks;
  }

 private:
  static inline volatile std::uint32_t* const control = reinterpret_cast<volatile std::uint32_t*>(0xE000E010);
  static inline volatile std::uint32_t* const reload = reinterpret_cast<volatile std::uint32_t*>(0xE000E014);
  static inline volatile std::uint32_t* const value = reinterpret_cast<volatile std::uint32_t*>(0xE000E018);
  std::uint32_t last_ = *value;
};

/// Ticks of the timer for 2^20 instructions, measured with a loop of two instructions.
inline std::uint32_t ticks_per_million() {
  Timer timer;
  std::uint32_t rounds = 1u << 19;
  asm volatile("1: subs %0, #1\n bne 1b" : "+r"(rounds)::"cc");
  return timer.lap();
}

/// Instructions per item, times 10, for `ticks` of `items` items.
inline std::uint32_t instructions_times_10(std::uint64_t ticks, std::uint32_t items, std::uint32_t per_million) {
  return static_cast<std::uint32_t>(ticks * 10 * (1u << 20) / per_million / items);
}

}  // namespace count

/// Busy: an engine that copies its input and keeps a worker busy.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>

#include "inlay/host.hpp"

namespace inlay::bench {

struct Busy {
  std::size_t hop, channels;
  double run_us;
  const std::atomic<double>* factor = nullptr;  ///< of the time that runs take; null: 1

  host::Ports ports() const { return {{host::Port::stream(channels, hop)}, {host::Port::stream(channels, hop)}}; }
  bool run(host::Job& job) noexcept {
    using Clock = std::chrono::steady_clock;
    std::copy_n(job.in[0].data(), channels * hop, job.out[0].data());
    if (run_us == 0) return true;
    const double us = factor != nullptr ? run_us * factor->load(std::memory_order_relaxed) : run_us;
    const auto end = Clock::now() + std::chrono::duration<double, std::micro>(us);
    while (Clock::now() < end) {
    }
    return true;
  }
  void reset() noexcept {}
};

}  // namespace inlay::bench

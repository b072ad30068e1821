/// fma_peak: the peak rate of multiply-adds of a core.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>

#include "inlay/core/pack.hpp"

namespace inlay::bench {

/// Measures the multiply-adds per second of one core: in registers only, with enough independent chains to hide the
/// latency.
template <class B>
double fma_peak() {
  using Clock = std::chrono::steady_clock;
  using Chains = Pack<B, B::width*(compiler::simd_registers == 32 ? 16 : 12)>;
  using T = typename B::scalar;
  constexpr std::size_t steps = 20000, runs = 200;
  alignas(alignment) T values[Chains::registers * Chains::lanes]{};
  benchmark::DoNotOptimize(values);  // otherwise the compiler computes equal chains only once
  auto sums = Chains::load(values);
  const auto factor = B::template broadcast<B::width>(T(0.999));
  const auto term = B::template broadcast<B::width>(T(0.001));
  std::chrono::duration<double> best{std::numeric_limits<double>::infinity()};
  for (std::size_t run = 0; run < runs; ++run) {
    const auto start = Clock::now();
    for (std::size_t i = 0; i < steps; ++i)
      repeat<Chains::registers>([&](std::size_t r)
                                    INLAY_INLINE_LAMBDA { sums.r[r] = B::fma(sums.r[r], factor, term); });
    sums.store(values);
    benchmark::DoNotOptimize(values);
    best = std::min<std::chrono::duration<double>>(best, Clock::now() - start);
  }
  return double(steps * Chains::registers * Chains::lanes) / best.count();
}

}  // namespace inlay::bench

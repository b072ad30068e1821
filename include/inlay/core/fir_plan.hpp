/// FIRPlan: how the taps of a long filter are divided into a direct product and partitions for FFTs.
#pragma once

#include <array>
#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/fft.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA::detail {

/// A filter does its work in steps of so many frames, at multiples of it from the start of a signal.
inline constexpr std::size_t fir_step = 16;

/// Partitions of `size` taps each, the first of which starts at tap `first`. Their sum for `size` frames is computed in
/// the steps of the `size` frames before them, which is possible because `first` is at least 2 `size`.
///
/// The work of `size` frames is a list of units: the passes of an FFT; products with the spectra, of `fir_step` values
/// of all partitions each; the passes of an inverse FFT.
struct FIRPart {
  std::size_t size = 0, first = 0, count = 0;

  constexpr FFTPasses fft() const noexcept { return {size}; }
  constexpr std::size_t steps() const noexcept { return size / fir_step; }
  constexpr std::size_t units() const noexcept { return 2 * fft().count() + steps(); }
  /// Approximate cost of a unit, of which 1 is a product of `fir_step` complex values.
  constexpr std::size_t cost(std::size_t unit) const noexcept {
    const std::size_t passes = fft().count();
    const bool is_product = unit >= passes && unit < passes + steps();
    return is_product ? count : cost_of_pass();
  }
  /// That of all units.
  constexpr std::size_t cost() const noexcept { return 2 * fft().count() * cost_of_pass() + steps() * count; }
  constexpr std::size_t cost_of_pass() const noexcept { return 7 * steps(); }

  // Values of the memory of weights: spectra, rotation, twiddle factors.
  constexpr std::size_t spectra() const noexcept { return 2 * size * count; }
  constexpr std::size_t weights() const noexcept {
    return round_up(spectra() + 2 * size + fft().table_size(), fir_step);
  }
  /// Values of the memory of a state: spectra of the input, two signals in work, the finished sum.
  constexpr std::size_t state() const noexcept { return spectra() + 4 * size + size; }
};

/// The next unit of a part.
struct FIRProgress {
  std::size_t unit = 0, cost = 0;

  /// Calls `run(unit)` for the units of step `step`, a number below `part.steps()`. All steps cost alike, as far as
  /// units allow. The last unit, which replaces the sum that is in use, is run in the last step.
  template <class F>
  constexpr void advance(const FIRPart& part, std::size_t step, F&& run) noexcept {
    if (step == 0) *this = {};
    const bool last = step + 1 == part.steps();
    const std::size_t end = part.units() - (last ? 0 : 1), target = part.cost() * (step + 1);
    for (; unit < end && (last || cost * part.steps() < target); ++unit) {
      cost += part.cost(unit);
      run(unit);
    }
  }
};

struct FIRPlan {
  std::size_t taps = 0;
  std::size_t head = 0;  ///< taps of the direct product, a multiple of `fir_step`
  std::size_t part_count = 0;
  std::array<FIRPart, 2> parts{};

  /// Frames of the past in the ring buffer of the input.
  constexpr std::size_t ring() const noexcept {
    std::size_t most = head + fir_step;
    for (std::size_t i = 0; i < part_count; ++i)
      if (2 * parts[i].size > most) most = 2 * parts[i].size;
    return most;
  }
  /// Values of the taps, with zeros before and behind.
  constexpr std::size_t padded_taps() const noexcept { return fir_step + round_up(taps, fir_step); }
  /// Multiply-adds per frame: the direct product; products of spectra; FFTs.
  constexpr std::size_t macs() const noexcept {
    std::size_t sum = head + fft_macs();
    for (std::size_t i = 0; i < part_count; ++i) sum += 4 * parts[i].count;
    return sum;
  }
  /// Those of the FFTs: 5/2 log2(size) for each value of a transform, of which a part has two.
  constexpr std::size_t fft_macs() const noexcept {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < part_count; ++i) sum += 5 * parts[i].fft().bits();
    return sum;
  }
  constexpr std::size_t weights() const noexcept {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < part_count; ++i) sum += parts[i].weights();
    return sum;
  }
  constexpr std::size_t state() const noexcept {
    std::size_t sum = 2 * ring() + fir_step;
    for (std::size_t i = 0; i < part_count; ++i) sum += parts[i].state();
    return sum;
  }
};

/// Lengths from which on another way is faster, measured with AVX2 (bench/fir): `FIR` instead of `Conv1D`, partitions
/// instead of a direct product, and partitions of two sizes.
inline constexpr std::size_t fir_instead_of_conv1d = 128, fir_in_parts = 225, fir_in_two_parts = 3073;

constexpr FIRPlan fir_plan(std::size_t taps) noexcept {
  constexpr std::size_t small = 64, large = 512;
  FIRPlan plan{.taps = taps, .head = round_up(taps, fir_step)};
  if (taps < fir_in_parts) return plan;
  plan.head = 2 * small;
  const std::size_t end = taps < fir_in_two_parts ? taps : 2 * large;
  plan.parts[plan.part_count++] = {small, plan.head, (end - plan.head + small - 1) / small};
  if (end < taps) plan.parts[plan.part_count++] = {large, end, (taps - end + large - 1) / large};
  return plan;
}

}  // namespace inlay::INLAY_ISA::detail

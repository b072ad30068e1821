/// plan: the exact latency of a network that runs on other threads, and the sizes that go with it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace inlay::host {

/// A list of sizes with one entry per tensor, such as {480, 1024}.
class Sizes {
 public:
  static constexpr std::size_t capacity = 16;

  constexpr Sizes() = default;
  constexpr Sizes(std::initializer_list<std::size_t> sizes) {
    for (const std::size_t size : sizes) push_back(size);
  }
  /// Throws std::invalid_argument if the list is full.
  constexpr void push_back(std::size_t size) {
    if (count_ == capacity) throw std::invalid_argument("inlay::host: an engine has at most 16 tensors on each side");
    sizes_[count_++] = size;
  }
  constexpr std::size_t size() const noexcept { return count_; }
  constexpr std::size_t operator[](std::size_t i) const noexcept { return sizes_[i]; }
  constexpr const std::size_t* begin() const noexcept { return sizes_.data(); }
  constexpr const std::size_t* end() const noexcept { return sizes_.data() + count_; }
  friend constexpr bool operator==(const Sizes&, const Sizes&) = default;

 private:
  std::array<std::size_t, capacity> sizes_{};
  std::size_t count_ = 0;
};

/// Frames of each tensor that one run of an engine takes and gives. 0: a tensor that does not stream. The first input
/// that streams, or the first output if no input does, is the reference: a host's block is counted in its frames.
struct Hops {
  Sizes in, out;
  constexpr std::size_t reference() const noexcept {
    for (const Sizes& side : {in, out})
      for (const std::size_t hop : side)
        if (hop > 0) return hop;
    return 0;
  }
};

/// How the host calls.
struct Host {
  /// Frames of a callback. May be a fraction if the reference tensor is slower than the host's rate, such as 2.5.
  double block = 0;
  /// Frames a second, in Hz.
  double rate = 0;
  /// Callbacks may have fewer frames: the host's period is then shorter for as long as it runs. Unless callbacks wait
  /// for results, the host may also split its block and call for the parts one directly after the other.
  bool smaller = false;
  /// The period, too, changes from callback to callback: a callback of 512 frames may follow one of a single frame by
  /// the duration of one frame. Costs more latency than `smaller`.
  bool varying = false;
};

/// What an engine needs.
struct Budget {
  /// Longest duration of a run in ms.
  double run_ms = 0;
  /// Share of a block's duration, from 0 up to 1, that a callback may wait for results.
  double wait = 0;
  /// Longest time in ms from when a job is submitted until a worker starts with it.
  double wake_ms = 0;
  /// Share of a block's duration by which a callback may come late.
  double lateness = 0;

  /// If `runs` is not 0, `Session::prepare` measures run_ms: it runs the engine so often, takes the duration that the
  /// share `quantile` of the runs does not exceed, and multiplies by `margin`.
  std::size_t runs = 0;
  double quantile = 0.99;
  double margin = 1.5;

  static constexpr Budget measured(double quantile = 0.99, double margin = 1.5, std::size_t runs = 100) noexcept {
    Budget budget;
    budget.runs = runs;
    budget.quantile = quantile;
    budget.margin = margin;
    return budget;
  }
};

/// What `plan` computes.
struct Plan {
  /// Whether the lanes keep up with the host. If not, there is no latency, and every other number is 0.
  bool feasible = false;
  /// Most jobs that are submitted while none of their output is needed yet, in a stream of the reference's hop.
  std::size_t jobs = 0;
  /// Most jobs of which an input or an output frame is in use at a time: the size of the rings, in hops.
  std::size_t slots = 0;
  /// Share of the lanes' time that runs take.
  double load = 0;

  /// Frames by which output `i` is late. 0 for one that does not stream. The engine's own latency is not included.
  /// Throws std::logic_error if the plan is not feasible, std::out_of_range if there is no such output.
  constexpr std::size_t latency(std::size_t i) const {
    if (!feasible) throw std::logic_error("inlay::host::Plan: the engine cannot keep up, so there is no latency");
    if (i >= latencies.size()) throw std::out_of_range("inlay::host::Plan: no such output");
    return latencies[i];
  }

  Sizes latencies;
};

namespace detail {

/// Durations and numbers of frames are integers in 1/1024 of a frame of the reference tensor.
using Ticks = std::int64_t;
inline constexpr Ticks ticks_per_frame = 1024;

/// The smallest integer that is not below `x`.
constexpr Ticks ceiling(double x) {
  const auto whole = static_cast<Ticks>(x);
  return whole + (static_cast<double>(whole) < x ? 1 : 0);
}
constexpr Ticks floor_division(Ticks a, Ticks b) { return a / b - (a % b < 0 ? 1 : 0); }

/// `ms` at `rate` frames a second, rounded up to a tick.
constexpr Ticks duration(double ms, double rate) {
  const double ticks = ms * rate * static_cast<double>(ticks_per_frame) / 1000;
  if (!(ticks >= 0 && ticks < 0x1p50)) throw std::invalid_argument("inlay::host: a time is negative or too long");
  return ceiling(ticks);
}

constexpr Ticks share_of(double share, Ticks block, bool up) {
  const double ticks = share * static_cast<double>(block);
  return up ? ceiling(ticks) : static_cast<Ticks>(ticks);
}

/// The timing of one lane, in ticks: every `hop * lanes` a job, which starts `wake` after it is submitted or later.
struct Timing {
  Ticks hop, lanes, run, wake;
  double wait, lateness;

  /// The longest delay of an output frame that is due to runs, for callbacks of `block` ticks: the maximum over m >= 0
  /// of block * d(m) - m * lanes * hop, where d(m) is the number of callbacks from the submission of a job until the
  /// m-th job of its lane after it has finished. x(m) = (m + 1) run + wake after the submission it has finished, so
  /// d(m) = 0 if x(m) <= waited, else ceil((x(m) + late - waited) / block).
  constexpr Ticks runs(Ticks block) const {
    const Ticks waited = share_of(wait, block, false), late = share_of(lateness, block, true);
    Ticks best = 0;
    Ticks x = run + wake;                       // x(m), only compared with `waited`
    Ticks lead = x + late - waited;             // x(m) + late - waited - m * lanes * hop
    Ticks up = (block - lead % block) % block;  // what rounding up to whole blocks adds
    if (up < 0) up += block;
    const Ticks step = run % block;
    for (; lead + block - 1 > best; lead -= lanes * hop - run) {
      if (x > waited && lead + up > best) best = lead + up;
      if (x <= waited) x += run;
      up -= step;
      if (up < 0) up += block;
    }
    return best;
  }

  /// The same for callbacks whose sizes change arbitrarily up to `block`: the first callback that cannot have the
  /// result of job m starts s frames after the submission and has j frames. Only the first m that a callback does not
  /// get by waiting counts.
  constexpr Ticks runs_varying(Ticks block) const {
    const Ticks late = share_of(lateness, block, true);
    Ticks best = 0;
    for (Ticks j = ticks_per_frame; j <= block; j += ticks_per_frame) {
      const Ticks waited = share_of(wait, j, false);
      if (run == 0 && wake <= waited) continue;
      const Ticks m = run + wake <= waited ? (waited - wake) / run : 0, x = (m + 1) * run + wake;
      const Ticks s = (x + late - waited + ticks_per_frame - 1) / ticks_per_frame - 1;
      const Ticks delay = (s > 0 ? s * ticks_per_frame : 0) + j - m * lanes * hop;
      if (delay > best) best = delay;
    }
    return best;
  }

  /// The longest delay of the reference stream.
  constexpr Ticks delay(Ticks block, const Host& host) const {
    if (host.varying) return hop - ticks_per_frame + runs_varying(block);
    if (!host.smaller) return hop - std::gcd(block, hop) + runs(block);
    Ticks best = 0;
    // No block of j frames or fewer is delayed by more than j and what a run takes.
    for (Ticks j = block / ticks_per_frame * ticks_per_frame; j > 0; j -= ticks_per_frame) {
      if (run + wake + share_of(lateness, j, true) + j <= best) break;
      const Ticks delay = runs(j);
      if (delay > best) best = delay;
    }
    return hop - ticks_per_frame + best;
  }
};

}  // namespace detail

/// The latency of an engine on `lanes` lanes, each of which runs one job at a time, in order. Exact: with one frame
/// less, some callback lacks a frame; with this, none does, as long as host and engine keep to `host` and `budget`.
///
/// A block of H frames, hops of R frames (the reference) and runs that take K frames of time: a frame waits at most
/// R - gcd(H, R) for the rest of its hop, and max over m >= 0 of (H ceil((m + 1) K / H) - m lanes R) for its lane.
/// (After Rath & Geier, LAC 2026; wake-up, lateness and varying blocks are ours.) Run and wake-up times are rounded up
/// to 1/1024 frame.
///
/// Throws std::invalid_argument for arguments that make no sense. In a constant expression that is a compile error.
constexpr Plan plan(const Hops& hops, const Host& host, const Budget& budget, std::size_t lanes = 1) {
  using detail::Ticks, detail::ticks_per_frame;
  constexpr std::size_t most_frames = std::size_t{1} << 24;
  for (const Sizes& side : {hops.in, hops.out})
    for (const std::size_t hop : side)
      if (hop > most_frames) throw std::invalid_argument("inlay::host::plan: a hop is above 2^24 frames");
  if (hops.reference() == 0) throw std::invalid_argument("inlay::host::plan: no tensor has a hop, so nothing streams");
  if (!(host.block > 0 && host.block <= static_cast<double>(most_frames)))
    throw std::invalid_argument("inlay::host::plan: Host::block must be above 0 and at most 2^24 frames");
  if (!(host.rate > 0 && host.rate < 1e9)) throw std::invalid_argument("inlay::host::plan: Host::rate must be above 0");
  if (!(budget.wait >= 0 && budget.wait <= 1))
    throw std::invalid_argument("inlay::host::plan: Budget::wait is a share of a block, from 0 to 1");
  if (!(budget.lateness >= 0 && budget.lateness <= 1000))
    throw std::invalid_argument("inlay::host::plan: Budget::lateness is a share of a block, from 0");
  if (lanes == 0 || lanes > 1024) throw std::invalid_argument("inlay::host::plan: lanes must be from 1 to 1024");
  const auto block = static_cast<Ticks>(host.block * static_cast<double>(ticks_per_frame));
  if (static_cast<double>(block) != host.block * static_cast<double>(ticks_per_frame))
    throw std::invalid_argument("inlay::host::plan: Host::block must be a multiple of 1/1024 frame");
  if ((host.smaller || host.varying) && block < ticks_per_frame)
    throw std::invalid_argument("inlay::host::plan: smaller and varying blocks need a block of at least one frame");

  const Ticks hop = static_cast<Ticks>(hops.reference()) * ticks_per_frame;
  const detail::Timing timing{hop,
                              static_cast<Ticks>(lanes),
                              detail::duration(budget.run_ms, host.rate),
                              detail::duration(budget.wake_ms, host.rate),
                              budget.wait,
                              budget.lateness};
  Plan result;
  result.feasible = timing.run < timing.lanes * hop;
  if (!result.feasible) return result;
  result.load = static_cast<double>(timing.run) / static_cast<double>(timing.lanes * hop);

  const Ticks delay = timing.delay(block, host);
  if (delay > static_cast<Ticks>(most_frames) * ticks_per_frame)
    throw std::invalid_argument("inlay::host::plan: the latency is above 2^24 frames");
  for (const std::size_t size : hops.out)  // floor(size * delay / hop), without overflow
    result.latencies.push_back(
        static_cast<std::size_t>(delay / hop) * size +
        static_cast<std::size_t>(static_cast<std::uint64_t>(size) * static_cast<std::uint64_t>(delay % hop) /
                                 static_cast<std::uint64_t>(hop)));
  const auto jobs = [&](Ticks phase) {
    return detail::floor_division(phase + block, hop) + detail::floor_division(delay - phase, hop);
  };
  const Ticks first_with_another_job = (hop - block % hop) % hop;
  const Ticks most = jobs(0) > jobs(first_with_another_job) ? jobs(0) : jobs(first_with_another_job);
  result.jobs = static_cast<std::size_t>(most > 0 ? most : 0);
  result.slots = static_cast<std::size_t>((block + delay + hop - 1) / hop + 1);
  return result;
}

}  // namespace inlay::host

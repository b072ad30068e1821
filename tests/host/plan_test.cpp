// The numbers of inlay::host::plan against simulations of the host and the lanes that share no formula with it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <inlay/host/plan.hpp>
#include <limits>
#include <numeric>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace host = inlay::host;
using Int = std::int64_t;

// Known latencies.

constexpr host::Plan one_to_one(std::size_t hop, const host::Host& how, const host::Budget& budget, std::size_t lanes) {
  return host::plan({.in = {hop}, .out = {hop}}, how, budget, lanes);
}

constexpr host::Plan a480 = one_to_one(480, {.block = 512, .rate = 48000}, {.run_ms = 8.18}, 1);
static_assert(a480.feasible && a480.latency(0) == 1056 && a480.jobs == 3);

constexpr host::Plan a2048 = one_to_one(2048, {.block = 2048, .rate = 48000}, {.run_ms = 40}, 2);
static_assert(a2048.feasible && a2048.latency(0) == 2048);

constexpr host::Plan a300 = one_to_one(1024, {.block = 300, .rate = 44100}, {.run_ms = 40}, 2);
static_assert(a300.feasible && a300.latency(0) == 2820);

constexpr host::Plan a100 = one_to_one(2048, {.block = 100, .rate = 48000}, {.run_ms = 13}, 2);
static_assert(a100.feasible && a100.latency(0) == 2744);

constexpr host::Plan a4096 = one_to_one(1024, {.block = 4096, .rate = 96000}, {.run_ms = 20}, 2);
static_assert(a4096.feasible && a4096.latency(0) == 4096);

constexpr host::Plan a256 = one_to_one(256, {.block = 512, .rate = 48000, .smaller = true}, {.run_ms = 1}, 2);
static_assert(a256.feasible && a256.latency(0) == 767);

constexpr host::Plan slow_reference =
    host::plan({.in = {1}, .out = {1024}}, {.block = 2.5, .rate = 48000.0 / 2048}, {.run_ms = 12}, 2);
static_assert(slow_reference.feasible && slow_reference.latency(0) == 3072);

constexpr host::Plan overrun = one_to_one(480, {.block = 512, .rate = 48000}, {.run_ms = 10}, 1);
static_assert(!overrun.feasible);

// A configuration in integers. Positions and durations are in ticks: 1/1024 of a frame of the reference tensor.

constexpr Int tick = 1024;

struct Config {
  Int block = tick;                 // ticks
  Int run = 0, wake = 0;            // ticks
  Int wait = 0, late = 0, of = 64;  // shares of a block: wait / of, late / of
  Int hop = 1;                      // reference: frames
  Int lanes = 1;
  std::vector<std::size_t> in, out;  // hops of the tensors
  double rate = 1000;
  bool exact = true;  // run and wake are given as they are, not a little below

  Int ticks_per_job() const { return hop * tick; }
  Int waited(Int ticks) const { return wait * ticks / of; }
  Int lateness(Int ticks) const { return (late * ticks + of - 1) / of; }
  // Frames that an output of `p` frames a job has popped when `position` ticks are pushed.
  Int frames(Int position, Int p) const { return position * p / ticks_per_job(); }
};

host::Sizes sizes(const std::vector<std::size_t>& list) {
  host::Sizes s;
  for (const std::size_t hop : list) s.push_back(hop);
  return s;
}

// Milliseconds that round up to `ticks`.
double milliseconds(const Config& c, Int ticks) {
  const double back = c.exact || ticks == 0 ? 0 : 0.5;
  return (double(ticks) - back) / double(tick) * 1000 / c.rate;
}

host::Plan plan_of(const Config& c, bool smaller = false, bool varying = false) {
  return host::plan({.in = sizes(c.in), .out = sizes(c.out)},
                    {.block = double(c.block) / double(tick), .rate = c.rate, .smaller = smaller, .varying = varying},
                    {.run_ms = milliseconds(c, c.run),
                     .wait = double(c.wait) / double(c.of),
                     .wake_ms = milliseconds(c, c.wake),
                     .lateness = double(c.late) / double(c.of)},
                    std::size_t(c.lanes));
}

std::string text(const Config& c) {
  std::ostringstream s;
  s << "block " << double(c.block) / tick << " (" << c.block << " ticks), rate " << c.rate << ", run " << c.run
    << ", wake " << c.wake << " ticks, wait " << c.wait << "/" << c.of << ", lateness " << c.late << "/" << c.of
    << ", lanes " << c.lanes << ", in";
  for (const std::size_t hop : c.in) s << " " << hop;
  s << ", out";
  for (const std::size_t hop : c.out) s << " " << hop;
  return s.str();
}

// Constant blocks. The stream starts at `phase`: so many ticks were pushed and popped before.

// Callbacks after which the pattern repeats and every backlog has built up. A lane's jobs see all positions of a hop in
// a block after (ticks_per_job / gcd) callbacks per lane.
Int callbacks(const Config& c) {
  const Int period = c.ticks_per_job() / std::gcd(c.ticks_per_job(), c.block);
  return (c.lanes + 2) * period + (c.run + c.wake + c.lateness(c.block)) / c.block + 3;
}

// Jobs that each callback can use in the worst case: it is on time, and each callback before was late, though none came
// after it, because callbacks do not overtake each other.
std::vector<Int> usable_jobs(const Config& c, Int phase, Int count) {
  const Int late = c.lateness(c.block), wait = c.waited(c.block), hop = c.ticks_per_job();
  std::vector<Int> finish, usable;
  Int done = 0;
  for (Int k = 0; k < count; ++k) {
    const Int now = k * c.block;
    // Callbacks before `m` were no later than the last `now`, so that the finish of their jobs is known.
    Int m = k;
    while (m > 0 && (m - 1) * c.block + late > now - c.block) --m;
    finish.resize(std::size_t((phase + m * c.block) / hop));
    for (; m <= k; ++m) {
      const Int time = std::min(m * c.block + late, now);
      for (Int i = Int(finish.size()); i < (phase + (m + 1) * c.block) / hop; ++i) {
        const Int lane_is_free = i < c.lanes ? 0 : finish[std::size_t(i - c.lanes)];
        finish.push_back(std::max(time + c.wake, lane_is_free) + c.run);
      }
    }
    while (done < Int(finish.size()) && finish[std::size_t(done)] <= now + wait) ++done;
    usable.push_back(done);
  }
  return usable;
}

struct Worst {
  Int latency = 0;   // frames
  Int callback = 0;  // that needs it
  Int phase = 0;     // ticks
};

Worst latency(const Config& c, Int phase, Int p, const std::vector<Int>& usable) {
  Worst worst{0, 0, phase};
  for (std::size_t k = 0; k < usable.size(); ++k) {
    const Int needed = c.frames(phase + (Int(k) + 1) * c.block, p) - usable[k] * p;
    if (needed > worst.latency) worst.latency = needed, worst.callback = Int(k);
  }
  return worst;
}

// Most jobs that are submitted after a push and of which no callback before has popped a part, if the reference stream
// could be popped in ticks.
Int waiting_jobs(const Config& c, const std::vector<Int>& usable) {
  const Int hop = c.ticks_per_job();
  Int delay = 0, most = 0;
  for (std::size_t k = 0; k < usable.size(); ++k) delay = std::max(delay, (Int(k) + 1) * c.block - usable[k] * hop);
  for (Int k = 0; k < Int(usable.size()); ++k) {
    const Int popped = k * c.block - delay;
    const Int begun = popped <= 0 ? 0 : (popped + hop - 1) / hop;
    most = std::max(most, (k + 1) * c.block / hop - begun);
  }
  return most;
}

// Host, lanes and one output, step by step.
class Simulation {
 public:
  Simulation(const Config& c, Int p, Int latency, Int phase = 0)
      : c_(c),
        p_(p),
        pushed_(phase),
        popped_(c.frames(phase, p)),
        queue_(latency - popped_),
        free_(std::size_t(c.lanes), 0) {}

  // A callback of `block` ticks at `time`, which may wait for `wait` ticks. False: an underrun.
  bool call(Int block, Int time, Int wait) {
    if (queue_ < 0) return false;
    pushed_ += block;
    for (; (submitted_ + 1) * c_.ticks_per_job() <= pushed_; ++submitted_) {
      Int& lane = free_[std::size_t(submitted_ % c_.lanes)];
      lane = std::max(lane, time + c_.wake) + c_.run;
      finish_.push_back(lane);
    }
    const Int now = c_.frames(pushed_, p_), frames = now - popped_;
    popped_ = now;
    for (; queue_ < frames; queue_ += p_) {
      if (finish_.empty() || finish_.front() > time + wait) return false;
      finish_.pop_front();
    }
    queue_ -= frames;
    return true;
  }

 private:
  const Config& c_;
  Int p_, pushed_, popped_, queue_, submitted_ = 0;
  std::vector<Int> free_;
  std::deque<Int> finish_;
};

enum class Late { never, always, random, until };

// Whether a host of constant blocks lacks a frame. Late::until: callback `on_time` is on time, those before are late.
bool underrun(const Config& c, Int p, Int latency, Int phase, Int count, Late late, Int on_time, std::mt19937& random) {
  const Int most = c.lateness(c.block), wait = c.waited(c.block);
  std::uniform_int_distribution<Int> any(0, most);
  Simulation simulation(c, p, latency, phase);
  Int time = 0;
  for (Int k = 0; k < count; ++k) {
    Int behind = 0;
    if (late == Late::always) behind = most;
    if (late == Late::random) behind = any(random);
    if (late == Late::until && k < on_time) behind = std::min(most, (on_time - k) * c.block);
    time = std::max(time, k * c.block + behind);
    if (!simulation.call(c.block, time, wait)) return true;
  }
  return false;
}

Int pick(std::mt19937& random, Int from, Int to) { return std::uniform_int_distribution<Int>(from, to)(random); }
Int one_of(std::mt19937& random, std::initializer_list<Int> values) {
  return values.begin()[std::size_t(pick(random, 0, Int(values.size()) - 1))];
}

// Run time, wake-up, shares and tensors of a configuration whose block, hop and lanes are set.
void fill(Config& c, std::mt19937& random, Int biggest_out) {
  const Int limit = c.lanes * c.ticks_per_job();
  if (pick(random, 0, 2) == 0) c.wake = pick(random, 0, pick(random, 0, 4) == 0 ? 2 * limit : c.block);
  if (pick(random, 0, 2) == 0) c.late = pick(random, 0, pick(random, 0, 3) == 0 ? 3 * c.of : c.of);
  const Int spare = c.waited(c.block) - c.wake, kind = pick(random, 0, 11);
  c.run = pick(random, 0, limit - 1);
  if (kind == 0) c.run = 0;
  if (kind == 1) c.run = limit - 1;
  if (kind == 2) c.run = limit + pick(random, 0, 1) * pick(random, 0, limit);
  if (kind == 3) c.run = pick(random, 0, limit / c.lanes);
  if (kind == 4) c.run = pick(random, limit * 9 / 10, limit - 1);
  // Just before and after callbacks.
  if (kind == 5) c.run = spare + pick(random, 0, 1);
  if (kind >= 6 && kind <= 8)
    c.run = (kind == 6 ? c.block : tick) * pick(random, 1, 3) + spare - c.lateness(c.block) + pick(random, -1, 1);
  c.run = std::max(Int(0), c.run);
  // Rates in which milliseconds are exact, or times a little below whole ticks: never a matter of rounding.
  c.exact = pick(random, 0, 1) == 0;
  c.rate = c.exact ? 1000 : double(one_of(random, {44100, 48000, 88200, 96000}));

  c.in.clear(), c.out.clear();
  const auto other = [&] { return std::size_t(pick(random, 0, 4) == 0 ? 0 : pick(random, 1, biggest_out)); };
  if (pick(random, 0, 5) == 0) {  // the reference is an output
    for (Int i = pick(random, 0, 2); i > 0; --i) c.in.push_back(0);
    for (Int i = pick(random, 0, 1); i > 0; --i) c.out.push_back(0);
    c.out.push_back(std::size_t(c.hop));
  } else {
    for (Int i = pick(random, 0, 1); i > 0; --i) c.in.push_back(0);
    c.in.push_back(std::size_t(c.hop));
    for (Int i = pick(random, 0, 2); i > 0; --i) c.in.push_back(other());
    if (pick(random, 0, 1) == 0) c.out.push_back(std::size_t(c.hop));
  }
  for (Int i = pick(random, 0, 2); i > 0; --i) c.out.push_back(other());
}

Config random_constant(std::mt19937& random) {
  for (;;) {
    Config c;
    switch (pick(random, 0, 3)) {
      case 0:  // small and whole
        c.hop = pick(random, 1, 40), c.block = pick(random, 1, 60) * tick;
        break;
      case 1:  // a fraction
        c.hop = pick(random, 1, 12), c.block = pick(random, 1, 20 * 16) * (tick / 16);
        break;
      case 2:  // any fraction of a frame
        c.hop = 1, c.block = pick(random, 1, 6 * tick);
        break;
      default:  // as in a studio
        c.hop = one_of(random, {128, 240, 256, 300, 441, 480, 512, 1000, 1024, 2048, 4096});
        c.block = one_of(random, {32, 64, 100, 128, 192, 256, 300, 441, 480, 512, 1000, 1024, 2048, 4096}) * tick;
    }
    // Few of those that are long to simulate.
    const Int period = c.ticks_per_job() / std::gcd(c.ticks_per_job(), c.block);
    if (period > 1024 || (period > 150 && pick(random, 0, 9) > 0)) continue;
    c.lanes = pick(random, 1, 4);
    if (pick(random, 0, 1) == 0) {
      c.wait = pick(random, 0, c.of);
      if (pick(random, 0, 3) == 0) {  // not a sum of powers of two
        const Int share = pick(random, 1, 999);
        if (share * c.block % 1000 != 0) c.wait = share, c.of = 1000;
      }
    }
    fill(c, random, one_of(random, {3, 48, 2048}));
    if (c.of == 1000 && c.late * c.block % 1000 == 0) c.late = 0;  // a matter of rounding
    return c;
  }
}

Config random_small(std::mt19937& random, Int most_hop, Int most_block, Int most_lanes) {
  Config c;
  c.hop = pick(random, 1, most_hop);
  c.block = pick(random, 1, most_block) * tick + (pick(random, 0, 4) == 0 ? pick(random, 0, tick - 1) : 0);
  c.lanes = pick(random, 1, most_lanes);
  if (pick(random, 0, 1) == 0) c.wait = pick(random, 0, c.of);
  fill(c, random, one_of(random, {3, 48}));
  if (pick(random, 0, 1) == 0) {  // times in whole frames, where ties are
    c.run = c.run / tick * tick, c.wake = c.wake / tick * tick;
  }
  return c;
}

bool keeps_up(const Config& c) { return c.run < c.lanes * c.ticks_per_job(); }

void expect_refused(const host::Plan& plan, const Config& c) {
  EXPECT_FALSE(plan.feasible) << text(c);
  for (std::size_t i = 0; i < c.out.size(); ++i) EXPECT_THROW((void)plan.latency(i), std::logic_error) << text(c);
}

// Blocks of `j` frames in all phases.
Worst latency_of_block(const Config& c, Int j, Int p) {
  Config constant = c;
  constant.block = j * tick;
  Worst worst;
  const Int common = std::gcd(j, c.hop), count = callbacks(constant);
  for (Int phase = 0; phase < common * tick; phase += tick) {
    const Worst w = latency(constant, phase, p, usable_jobs(constant, phase, count));
    if (w.latency > worst.latency) worst = w;
  }
  return worst;
}

// Blocks that change.

// Searches all sequences of blocks for the callback that needs the most latency. As above, that callback is on time and
// those before it were late, though none came after it.
class VaryingHost {
 public:
  explicit VaryingHost(const Config& c)
      : c_(c),
        late_(c.lateness(c.block)),
        most_(c.block / tick),
        end_(3 * c.lanes * c.hop + (c.run + c.wake + late_) / tick + 3 * most_),
        jobs_((end_ + most_) / c.hop + 1),
        latest_(std::size_t((end_ + 1) * jobs_), 0) {
    for (Int at = 1; at <= end_; ++at) fill(latest_, at, std::numeric_limits<Int>::max());
  }

  struct Worst {
    Int latency = 0;
    Int start = 0, size = 0;  // of the callback that needs it: frames
  };
  Worst latency(Int p) const {
    Worst worst;
    std::vector<Int> finish(static_cast<std::size_t>(jobs_)), latest = latest_;
    for (Int start = 0; start <= end_; ++start) {
      const Int first = std::max(Int(1), start - late_ / tick - 1);
      for (Int at = first; at <= start; ++at) fill(latest, at, start * tick);
      for (Int size = 1; size <= most_; ++size) {
        block(latest, start, size, start * tick, finish);
        Int i = 0;
        while (i < (start + size) / c_.hop && finish[std::size_t(i)] <= start * tick + c_.waited(size * tick)) ++i;
        const Int needed = c_.frames((start + size) * tick, p) - i * p;
        if (needed > worst.latency) worst = {needed, start, size};
      }
      for (Int at = first; at <= start; ++at) fill(latest, at, std::numeric_limits<Int>::max());
    }
    return worst;
  }

 private:
  // Row `at` of `latest`: when each job that is submitted before frame `at` finishes at the latest, for all sequences
  // in which a block starts there. Callbacks are late, but not later than `limit`.
  void fill(std::vector<Int>& latest, Int at, Int limit) const {
    std::vector<Int> finish(static_cast<std::size_t>(jobs_));
    Int* const row = latest.data() + at * jobs_;
    std::fill_n(row, jobs_, 0);
    for (Int size = 1; size <= std::min(most_, at); ++size) {
      block(latest, at - size, size, std::min((at - size) * tick + late_, limit), finish);
      for (Int i = 0; i < at / c_.hop; ++i) row[i] = std::max(row[i], finish[std::size_t(i)]);
    }
  }

  // When each job finishes after a block of `size` frames at frame `at`, whose callback comes at `time`.
  void block(const std::vector<Int>& latest, Int at, Int size, Int time, std::vector<Int>& finish) const {
    Int i = 0;
    for (; i < at / c_.hop; ++i) finish[std::size_t(i)] = latest[std::size_t(at * jobs_ + i)];
    for (; i < (at + size) / c_.hop; ++i) {
      const Int lane_is_free = i < c_.lanes ? 0 : finish[std::size_t(i - c_.lanes)];
      finish[std::size_t(i)] = std::max(time + c_.wake, lane_is_free) + c_.run;
    }
  }

  const Config& c_;
  Int late_, most_, end_, jobs_;
  std::vector<Int> latest_;
};

}  // namespace

TEST(Plan, known_latencies) {
  const auto latency = [](std::size_t hop, const host::Host& how, const host::Budget& budget) {
    return one_to_one(hop, how, budget, 2).latency(0);
  };
  EXPECT_EQ(latency(2048, {.block = 100, .rate = 48000, .smaller = true}, {.run_ms = 13}), 2759u);
  // A run of 1920 frames ends within 15/16 of a block of 2048, but not within a half.
  EXPECT_EQ(latency(2048, {.block = 2048, .rate = 48000}, {.run_ms = 40, .wait = 0.5}), 2048u);
  EXPECT_EQ(latency(2048, {.block = 2048, .rate = 48000}, {.run_ms = 40, .wait = 0.9375}), 0u);
}

TEST(Plan, adaptation_alone) {
  for (std::size_t hop = 1; hop <= 64; ++hop)
    for (std::size_t block = 1; block <= 100; ++block) {
      const host::Host how{.block = double(block), .rate = 48000};
      host::Host smaller = how, varying = how;
      smaller.smaller = true, varying.varying = true;
      ASSERT_EQ(one_to_one(hop, how, {}, 1).latency(0), hop - std::gcd(block, hop)) << hop << " " << block;
      ASSERT_EQ(one_to_one(hop, varying, {}, 1).latency(0), hop - 1) << hop << " " << block;
      ASSERT_EQ(one_to_one(hop, smaller, {}, 1).latency(0), hop - 1) << hop << " " << block;
    }
}

TEST(Plan, constant_blocks) {
  std::mt19937 random(1);
  int refused = 0, same_callback = 0;
  for (int n = 0; n < 12000; ++n) {
    const Config c = random_constant(random);
    const host::Plan plan = plan_of(c);
    if (!keeps_up(c)) {
      expect_refused(plan, c);
      ++refused;
      continue;
    }
    ASSERT_TRUE(plan.feasible) << text(c);
    const Int count = callbacks(c);
    const std::vector<Int> usable = usable_jobs(c, 0, count);
    EXPECT_EQ(Int(plan.jobs), waiting_jobs(c, usable)) << text(c);
    for (std::size_t i = 0; i < c.out.size(); ++i) {
      const Int p = Int(c.out[i]);
      const Worst worst = latency(c, 0, p, usable);
      ASSERT_EQ(Int(plan.latency(i)), worst.latency) << text(c) << ", output " << i;
      if (p == 0) continue;
      for (const Late late : {Late::never, Late::always, Late::random})
        ASSERT_FALSE(underrun(c, p, worst.latency, 0, count, late, 0, random)) << text(c) << ", output " << i;
      ASSERT_FALSE(underrun(c, p, worst.latency, 0, count, Late::until, worst.callback, random)) << text(c);
      if (worst.latency == 0) {
        ++same_callback;
      } else {
        ASSERT_TRUE(underrun(c, p, worst.latency - 1, 0, count, Late::until, worst.callback, random))
            << text(c) << ", output " << i;
      }
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_LT(refused, 2000);
  EXPECT_GT(same_callback, 100);
}

TEST(Plan, smaller_blocks) {
  std::mt19937 random(2);
  for (int n = 0; n < 4000; ++n) {
    const Config c = random_small(random, 16, 24, 3);
    const host::Plan plan = plan_of(c, true);
    if (!keeps_up(c)) {
      expect_refused(plan, c);
      continue;
    }
    ASSERT_TRUE(plan.feasible) << text(c);
    for (std::size_t i = 0; i < c.out.size(); ++i) {
      const Int p = Int(c.out[i]);
      Worst worst;
      Config used = c;
      used.block = tick;
      for (Int j = 1; j <= c.block / tick; ++j) {
        const Worst w = latency_of_block(c, j, p);
        if (w.latency > worst.latency) worst = w, used.block = j * tick;
      }
      ASSERT_EQ(Int(plan.latency(i)), worst.latency) << text(c) << ", output " << i << ", worst block " << used.block;
      if (p == 0) continue;
      const Int count = callbacks(used);
      ASSERT_FALSE(underrun(used, p, worst.latency, worst.phase, count, Late::until, worst.callback, random));
      if (worst.latency > 0) {
        ASSERT_TRUE(underrun(used, p, worst.latency - 1, worst.phase, count, Late::until, worst.callback, random))
            << text(c) << ", output " << i;
      }
      used.block = pick(random, 1, c.block / tick) * tick;
      const Int phase = pick(random, 0, std::gcd(used.block / tick, c.hop) - 1) * tick;
      ASSERT_FALSE(underrun(used, p, worst.latency, phase, callbacks(used), Late::random, 0, random)) << text(c);
    }
  }
}

// A host that promises smaller blocks may also call for the parts of a block one directly after the other.
TEST(Plan, smaller_blocks_that_are_parts) {
  std::mt19937 random(4);
  for (int n = 0; n < 2000; ++n) {
    Config c = random_small(random, 16, 24, 3);
    c.wait = 0;
    if (!keeps_up(c)) continue;
    const host::Plan plan = plan_of(c, true);
    for (std::size_t i = 0; i < c.out.size(); ++i) {
      if (c.out[i] == 0) continue;
      const Int block = pick(random, 1, c.block / tick), late = c.lateness(block * tick);
      Simulation simulation(c, Int(c.out[i]), Int(plan.latency(i)));
      for (Int k = 0, time = 0, at = 0; at < 30 * c.hop; ++k) {
        time = std::max(time, k * block * tick + pick(random, 0, 1) * late);
        Int left = k == 0 ? pick(random, 1, block) : block;  // the phase
        while (left > 0) {
          const Int part = pick(random, 0, 1) == 0 ? pick(random, 1, left) : left;
          ASSERT_TRUE(simulation.call(part * tick, time, 0)) << text(c) << ", output " << i << ", block " << block;
          left -= part, at += part;
        }
      }
    }
  }
}

TEST(Plan, varying_blocks) {
  std::mt19937 random(3);
  for (int n = 0; n < 3000; ++n) {
    const Config c = random_small(random, 9, 10, 3);
    const host::Plan plan = plan_of(c, false, true);
    if (!keeps_up(c)) {
      expect_refused(plan, c);
      continue;
    }
    ASSERT_TRUE(plan.feasible) << text(c);
    const VaryingHost varying(c);
    const Int late = c.lateness(c.block);
    for (std::size_t i = 0; i < c.out.size(); ++i) {
      const Int p = Int(c.out[i]);
      const VaryingHost::Worst worst = varying.latency(p);
      ASSERT_EQ(Int(plan.latency(i)), worst.latency)
          << text(c) << ", output " << i << ", callback at " << worst.start << " of " << worst.size;
      if (p == 0) continue;
      // One frame less: a host of single frames, all late, and then this callback.
      if (worst.latency > 0) {
        Simulation less(c, p, worst.latency - 1);
        bool enough = true;
        for (Int at = 0; at < worst.start; ++at)
          enough = enough && less.call(tick, std::min(at * tick + late, worst.start * tick), c.waited(tick));
        enough = enough && less.call(worst.size * tick, worst.start * tick, c.waited(worst.size * tick));
        ASSERT_FALSE(enough) << text(c) << ", output " << i;
      }
      // Any host.
      Simulation any(c, p, worst.latency);
      for (Int at = 0, time = 0, size = 0; at < 60 * c.hop; at += size) {
        size = pick(random, 0, 1) == 0 ? pick(random, 1, c.block / tick) : one_of(random, {1, c.block / tick});
        time = std::max(time, at * tick + (pick(random, 0, 1) == 0 ? late : pick(random, 0, late)));
        ASSERT_TRUE(any.call(size * tick, time, c.waited(size * tick))) << text(c) << ", output " << i << ", at " << at;
      }
    }
  }
}

TEST(Plan, refuses_bad_arguments) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const host::Hops hops{.in = {480}, .out = {480}};
  const host::Host how{.block = 512, .rate = 48000};
  EXPECT_NO_THROW((void)host::plan(hops, how, {}));

  for (const host::Hops& none : {host::Hops{}, host::Hops{.in = {0}, .out = {}}, host::Hops{.in = {0, 0}, .out = {0}}})
    EXPECT_THROW((void)host::plan(none, how, {}), std::invalid_argument);
  for (const double block : {0.0, -0.0, -1.0, -512.0, 0.1, 512.3, 1.0 / 2048, 1 + 1.0 / 2048, nan, infinity, -infinity})
    for (const bool smaller : {false, true})
      for (const bool varying : {false, true})
        EXPECT_THROW((void)host::plan(hops, {block, 48000, smaller, varying}, {}), std::invalid_argument) << block;
  EXPECT_THROW((void)host::plan(hops, {.block = 0.5, .rate = 48000, .smaller = true}, {}), std::invalid_argument);
  EXPECT_THROW((void)host::plan(hops, {.block = 0.5, .rate = 48000, .varying = true}, {}), std::invalid_argument);
  for (const double rate : {0.0, -1.0, -48000.0, nan, infinity, -infinity})
    EXPECT_THROW((void)host::plan(hops, {.block = 512, .rate = rate}, {}), std::invalid_argument) << rate;
  for (const double bad : {-1.0, -1e-9, nan, infinity, -infinity}) {
    EXPECT_THROW((void)host::plan(hops, how, {.run_ms = bad}), std::invalid_argument) << bad;
    EXPECT_THROW((void)host::plan(hops, how, {.wait = bad}), std::invalid_argument) << bad;
    EXPECT_THROW((void)host::plan(hops, how, {.wake_ms = bad}), std::invalid_argument) << bad;
    EXPECT_THROW((void)host::plan(hops, how, {.lateness = bad}), std::invalid_argument) << bad;
  }
  EXPECT_THROW((void)host::plan(hops, how, {.wait = 1.001}), std::invalid_argument);
  EXPECT_THROW((void)host::plan(hops, how, {}, 0), std::invalid_argument);
  EXPECT_THROW((void)host::plan(hops, how, {}).latency(1), std::out_of_range);

  host::Sizes full;
  for (std::size_t i = 0; i < host::Sizes::capacity; ++i) full.push_back(1);
  EXPECT_THROW(full.push_back(1), std::invalid_argument);
}

TEST(Plan, tensors_that_do_not_stream_are_not_late) {
  const host::Plan plan =
      host::plan({.in = {0, 480}, .out = {0, 480}}, {.block = 512, .rate = 48000}, {.run_ms = 8.18});
  EXPECT_EQ(plan.latency(0), 0u);
  EXPECT_EQ(plan.latency(1), 1056u);
}

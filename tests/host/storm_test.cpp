// Sessions while everything happens at once that hosts do. INLAY_STORM_SECONDS: the duration of each test; 2.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "inlay/host.hpp"

namespace {

using namespace inlay::host;           // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

using Clock = std::chrono::steady_clock;

Clock::duration duration(double share) {
  const char* const seconds = std::getenv("INLAY_STORM_SECONDS");
  return std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(share * (seconds == nullptr ? 2.0 : std::atof(seconds))));
}

/// Ends the program if one of `threads` threads makes no progress for a minute.
class Watchdog {
 public:
  explicit Watchdog(std::size_t threads) : beats_(threads), thread_([this] { watch(); }) {}
  ~Watchdog() {
    stop_ = true;
    thread_.join();
  }
  void beat(std::size_t thread) noexcept { beats_[thread].fetch_add(1, std::memory_order_relaxed); }

 private:
  void watch() {
    std::vector<std::uint64_t> before(beats_.size());
    std::vector<Clock::time_point> since(beats_.size(), Clock::now());
    while (!stop_) {
      std::this_thread::sleep_for(50ms);
      for (std::size_t i = 0; i < beats_.size(); ++i) {
        const std::uint64_t now = beats_[i].load(std::memory_order_relaxed);
        if (now != before[i]) before[i] = now, since[i] = Clock::now();
        else if (Clock::now() - since[i] > 60s) std::fprintf(stderr, "thread %zu hangs\n", i), std::abort();
      }
    }
  }
  std::vector<std::atomic<std::uint64_t>> beats_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// Calls f(i) on n threads, again and again, for the duration of a test.
class Threads {
 public:
  template <class F>
  void run(std::size_t n, F f) {
    for (std::size_t k = 0; k < n; ++k) bodies_.push_back([f, k] { f(k); });
  }
  void go(double share = 1) {
    Watchdog watchdog(bodies_.size());
    const Clock::time_point end = Clock::now() + duration(share);
    running_ = bodies_.size();
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < bodies_.size(); ++i)
      threads.emplace_back([&, i] {
        for (; Clock::now() < end; watchdog.beat(i)) bodies_[i]();
        running_.fetch_sub(1);
        while (running_.load() > 0) watchdog.beat(i), std::this_thread::sleep_for(1ms);
      });
    for (std::thread& thread : threads) thread.join();
  }

 private:
  std::vector<std::function<void()>> bodies_;
  std::atomic<std::size_t> running_{0};
};

// --- what must never happen, counted on all threads ------------------------------------------------------

enum What { torn_input, order, torn_values, torn_latest, older_latest, output, counters, count };
constexpr std::array<const char*, count> names = {"an input that is not contiguous",
                                                  "a job that is older than the one before",
                                                  "values of several calls of set",
                                                  "latest values of several jobs",
                                                  "latest values that are older than those before",
                                                  "an output that is neither the delayed input nor what replaces it",
                                                  "counters or a latency that cannot be"};
std::array<std::atomic<std::uint64_t>, count> violations{};
std::atomic<std::int64_t> engines{0};

void check(What what, bool good) noexcept {
  if (!good) violations[what].fetch_add(1, std::memory_order_relaxed);
}
void expect_none() {
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(violations[i].exchange(0), 0u) << names[i];
  EXPECT_EQ(engines.load(), 0) << "engines that have not been deleted";
}

// --- signals and engines ---------------------------------------------------------------------------------

/// Frame f of every signal: a number that tells f.
constexpr std::uint64_t period = 1 << 23;
float signal(std::uint64_t f) noexcept { return static_cast<float>(f % period + 1); }

/// An engine that gives its input and looks for what is wrong with it.
struct Kind {
  std::size_t hop = 64, hop_out = 64, window = 64;  // window: at least the hop. The output is window - hop frames late
  std::size_t channels = 1, lanes = 1, crossfade = 1;
  Miss miss = Miss::dry;
  bool multiples = false, in_callback = false, values = false, input = true, output = true, stateless = false;
  unsigned fails = 0, throws = 0, sleeps = 0;  // every how many runs. 0: never
};
constexpr float filling = -7;
constexpr std::size_t most_blocks = 12;  // in a callback
constexpr std::size_t value_count = 16;

struct Passthrough {
  static constexpr bool real_time = true;

  explicit Passthrough(const Kind& of, std::shared_ptr<std::atomic<unsigned>> shared = nullptr)
      : kind(of), stamp(std::move(shared)) {
    ++engines;
  }
  Passthrough(const Passthrough& other) : kind(other.kind), stamp(other.stamp) { ++engines; }
  Passthrough& operator=(const Passthrough&) = delete;
  ~Passthrough() { --engines; }

  Ports ports() const {
    Ports ports;
    ports.multiples = kind.multiples;
    Port in = Port::stream(kind.channels, kind.hop), out = Port::stream(kind.channels, kind.hop_out);
    in.window = kind.multiples ? 0 : kind.window;
    out.latency = kind.window - kind.hop;
    if (kind.input) ports.in.push_back(in);
    if (kind.values) ports.in.push_back(Port::values(value_count));
    if (kind.output) ports.out.push_back(out);
    if (kind.values) ports.out.push_back(Port::values(value_count));
    return ports;
  }
  bool stateless() const noexcept { return kind.stateless; }
  void reset() noexcept { last = 0; }

  bool run(Job& job) {
    ++runs;
    if (kind.values) {
      const auto values = job.in.back().values();
      check(torn_values, std::count(values.begin(), values.end(), values.front()) == value_count);
    }
    if (kind.input) look_at(job.in[0]);
    if (kind.output)
      for (std::size_t c = 0; c < kind.channels; ++c) {
        const auto& out = job.out[0];
        if (!kind.input) std::fill_n(out.channel(c), out.frames(), 5.0f);
        else if (kind.multiples) std::copy_n(job.in[0].channel(c), out.frames(), out.channel(c));
        else
          for (std::size_t f = 0; f < kind.hop_out; ++f)
            out.channel(c)[f] = job.in[0].channel(c)[f * kind.hop / kind.hop_out];
      }
    if (kind.sleeps > 0 && runs % kind.sleeps == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1 + runs % 5));
    if (kind.throws > 0 && runs % kind.throws == 0) throw std::runtime_error("planned");
    if (kind.fails > 0 && runs % kind.fails == 0) return false;
    if (kind.values) std::fill_n(job.out.back().data(), value_count, static_cast<float>(stamp->fetch_add(1)));
    return true;
  }

  /// Each channel is a number of zeros and then frames that follow each other; the second channel is the first one's
  /// negative. Noise, with which a session measures, is ignored.
  void look_at(const TensorView<const float>& in) {
    const float* const x = in.channel(0);
    bool contiguous = true;
    for (std::size_t f = 0; f < in.frames(); ++f) {
      if (x[f] != 0 && x[f] < 1) return;
      contiguous &= x[f] == 0 || f == 0 || x[f - 1] == 0 || x[f] == signal(static_cast<std::uint64_t>(x[f - 1]));
      contiguous &= x[f] != 0 || f == 0 || x[f - 1] == 0;
      for (std::size_t c = 1; c < kind.channels; ++c) contiguous &= in.channel(c)[f] == -x[f];
    }
    check(torn_input, contiguous);
    const float first = x[in.frames() - (kind.multiples ? in.frames() : kind.hop)];
    if (kind.stateless || first == 0) return;
    check(order, first > last || last - first > static_cast<float>(period / 2));
    last = first;
  }

  Kind kind;
  std::shared_ptr<std::atomic<unsigned>> stamp;  // of the session
  unsigned runs = 0;
  float last = 0;
};

std::vector<Kind> kinds() {
  std::vector<Kind> kinds = {
      {.stateless = true},
      {.hop = 32, .hop_out = 32, .window = 32, .channels = 2},
      {.hop = 48, .hop_out = 48, .window = 48, .channels = 2, .lanes = 3, .stateless = true},
      {.hop = 16, .hop_out = 16, .window = 100, .values = true},
      {.hop = 64, .hop_out = 64, .window = 1000, .channels = 2, .lanes = 2, .stateless = true},
      {.hop = 480, .hop_out = 480, .window = 480, .crossfade = 64, .values = true},
      {.lanes = 4, .values = true, .stateless = true},
      {.throws = 5},
      {.miss = Miss::silence, .fails = 7},
      {.miss = Miss::custom, .values = true, .sleeps = 9},
      {.lanes = 2, .crossfade = 64, .stateless = true, .sleeps = 9},
      {.hop = 1, .hop_out = 1, .window = 1, .multiples = true, .values = true},
      {.hop = 1, .hop_out = 1, .window = 1, .channels = 2, .multiples = true, .in_callback = true, .values = true},
      {.hop = 40, .hop_out = 40, .window = 90, .in_callback = true, .values = true},
      {.hop = 64, .hop_out = 32, .miss = Miss::silence},
      {.hop = 32, .hop_out = 64, .window = 32, .miss = Miss::hold},
      {.hop = 48, .hop_out = 64, .window = 48, .miss = Miss::silence, .throws = 11},
      {.values = true, .input = false},
      {.values = true, .output = false},
  };
  return kinds;
}

/// A session, what it was prepared for, and the signal that it gets.
struct Played {
  Kind kind;
  std::shared_ptr<std::atomic<unsigned>> stamp = std::make_shared<std::atomic<unsigned>>(1);
  Session session;
  std::size_t block = 0, latency = 0;
  std::uint64_t frame = 0, lost = 0;
  std::array<float, 2> before{};
  std::vector<std::vector<float>> in, out;

  Played(const Kind& of, const Pool& pool) : kind(of), session(make(pool)) {}

  Passthrough engine() const { return Passthrough(kind, stamp); }
  Session make(const Pool& pool) const {
    SessionOptions options;
    options.lanes = kind.lanes;
    options.miss = kind.miss;
    options.crossfade = kind.crossfade;
    options.fill = [](const MissingFrames& missing) {
      for (std::size_t c = 0; c < missing.channels; ++c) std::fill_n(missing.out[c], missing.frames, filling);
    };
    if (!kind.input || !kind.output) options.miss = Miss::silence;
    return kind.in_callback ? Session(engine(), on_audio_thread, options) : Session(engine(), pool, options);
  }

  void prepare(std::mt19937& random) {
    const std::size_t new_block = std::array<std::size_t, 5>{16, 64, 100, 128, 300}[random() % 5];
    Budget budget;
    budget.run_ms = random() % 4 == 0 ? 0.0 : 0.01;
    budget.wait = random() % 16 == 0 ? 0.05 : 0.0;
    if (random() % 8 == 0) budget = Budget::measured(0.5, 1.0, 4);
    try {
      session.prepare({static_cast<double>(new_block), 48000, true, random() % 2 == 0}, budget);
      block = new_block;
    } catch (const std::runtime_error&) {  // failed while it was measured, or slow: as before
    }
    start();
  }
  /// A signal starts.
  void start() {
    latency = session.latency();
    frame = 0, before = {};
    in.assign(kind.channels, std::vector<float>(most_blocks * block));
    out.assign(kind.channels, std::vector<float>(2 * most_blocks * block));
  }

  /// One callback, and a look at what it gives.
  void callback(std::size_t frames, bool exact) {
    if (block == 0) return;
    std::vector<const float*> from;
    std::vector<float*> to;
    for (std::size_t c = 0; c < kind.channels; ++c) {
      for (std::size_t f = 0; f < frames; ++f) in[c][f] = (c == 0 ? 1.0f : -1.0f) * signal(frame + f);
      if (kind.input) from.push_back(in[c].data());
      const bool in_place = kind.input && kind.hop == kind.hop_out && frame / 7 % 2 == 0;
      if (kind.output) to.push_back(in_place ? in[c].data() : out[c].data());
    }
    const bool whole = kind.multiples || !kind.input || !kind.output || kind.hop != kind.hop_out || frame / 5 % 2 == 0;
    if (whole) {
      session.process(from.data(), to.data(), frames);
    } else if (frames == most_blocks * block && !kind.in_callback) {  // more than is remembered
      session.push(0, from.data(), frames);
      session.pop(0, to.data(), frames);
    } else {
      for (std::size_t done = 0; done < frames; done += block) {  // the rings hold a block
        const std::size_t n = std::min(block, frames - done);
        session.push(0, from.data(), n);
        session.pop(0, to.data(), n);
        for (std::size_t c = 0; c < kind.channels; ++c) from[c] += n, to[c] += n;
      }
      for (std::size_t c = 0; c < kind.channels; ++c) to[c] -= frames;
    }
    const std::size_t start = kind.input ? kind.hop : kind.hop_out;
    const std::uint64_t first = frame * kind.hop_out / start, end = (frame + frames) * kind.hop_out / start;
    for (std::size_t c = 0; c < to.size(); ++c)
      for (std::uint64_t f = first; f < end; ++f) look_at(to[c][f - first], f, c, exact);
    frame += frames;
  }
  void look_at(float found, std::uint64_t f, std::size_t c, bool exact) {
    float expected = 0;
    if (f >= latency) {
      const std::uint64_t g = f - latency;
      expected =
          (c == 0 ? 1.0f : -1.0f) * signal(g / kind.hop_out * kind.hop + g % kind.hop_out * kind.hop / kind.hop_out);
      if (!kind.input) expected = 5;
    }
    // Where a lane was reading for too long, input is lost. So it is when the rings are full of late results.
    bool good = found == expected;
    if (!good && !exact && !kind.in_callback) {
      ++lost;
      if (kind.miss == Miss::custom && kind.input) good = found == filling;
      else if (kind.miss == Miss::hold) good = found == before[c];
      else if (kind.crossfade == 1) good = found == 0;
      // A fade after lost input (`before`) is still under way where the dry input is there again (`expected`).
      else good = found >= 0 && found <= expected + before[c] + 1000;
    }
    check(output, good);
    before[c] = found;
  }

  /// Everything that any thread may call. `seen`: the latest value, for older ones.
  void any_thread(std::mt19937& random, float& seen) {
    std::array<float, value_count> values;
    values.fill(static_cast<float>(random() % 1000));
    if (kind.values) {
      session.set(kind.input ? 1 : 0, values);
      if (session.latest(kind.output ? 1 : 0, values)) {
        check(torn_latest, std::count(values.begin(), values.end(), values.front()) == value_count);
        check(older_latest, kind.lanes > 1 || values.front() >= seen);
        seen = values.front();
      }
    }
    const Stats stats = session.stats();
    check(counters, stats.load >= 0 && stats.load < 1e6 && stats.longest_run_ms <= 60000);
    check(counters, session.latency() < 20000 && session.latency(7) == 0);
  }
};

/// The session delivers its exact signal, and the values of its jobs.
void expect_exact(Played& played, std::mt19937& random) {
  played.kind.fails = played.kind.throws = 0;
  played.session.set_offline(true);
  played.session.exchange(played.engine());
  played.session.prepare({64, 48000}, {.run_ms = 0.01});
  played.block = 64;
  played.start();
  const auto newer = static_cast<float>(played.stamp->load());
  std::array<float, value_count> values{};
  for (int i = 0; i < 40; ++i) {
    float seen = 0;
    if (random() % 4 == 0) played.any_thread(random, seen);
    played.callback(64, true);
  }
  EXPECT_EQ(played.session.stats().misses, 0u);
  EXPECT_EQ(played.session.stats().skipped, 0u);
  EXPECT_EQ(played.session.stats().failures, 0u);
  if (!played.kind.values) return;
  bool latest = false;
  for (int attempt = 0; attempt < 10000 && !latest; ++attempt) {
    latest = played.session.latest(played.kind.output ? 1 : 0, values) && values[0] >= newer;
    if (!latest) std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(latest) << "the values are not of the signal that has started with prepare";
}

// --- the tests -------------------------------------------------------------------------------------------

PoolOptions workers(std::size_t n, std::chrono::microseconds spin = 50us) {
  return {.workers = n, .priority = Priority::normal, .spin = spin};
}

TEST(Storm, ManySessionsOnFewWorkers) {
  struct Slot {
    std::mutex audio;        // held in a callback, and by a host that has paused them
    std::shared_mutex life;  // exclusive: the session comes or goes
    std::unique_ptr<Played> played;
    std::atomic<unsigned> generation{0};
  };
  constexpr std::size_t slot_count = 64, audio_threads = 4;
  const std::vector<Kind> all = kinds();
  std::vector<Slot> slots(slot_count);
  const Pool pool(workers(2));
  std::atomic<std::uint64_t> callbacks{0}, frames{0}, lost{0}, created{0}, prepared{0}, exchanged{0};
  std::vector<std::mt19937> randoms;
  for (unsigned i = 0; i < 16; ++i) randoms.emplace_back(i);

  const auto create = [&](Slot& slot, const Kind& kind, std::mt19937& random) {
    slot.played = std::make_unique<Played>(kind, pool);
    slot.played->prepare(random);
    ++slot.generation;
    ++created;
  };
  const auto destroy = [&](Slot& slot) {
    if (slot.played) lost += slot.played->lost;
    slot.played = nullptr;
  };
  for (std::size_t i = 0; i < slot_count; ++i) create(slots[i], all[i % all.size()], randoms[15]);

  Threads threads;
  threads.run(audio_threads, [&](std::size_t t) {
    std::mt19937& random = randoms[t];
    const std::size_t owner = random() % 50 == 0 ? random() : t;  // sometimes another thread's
    for (std::size_t i = owner % audio_threads; i < slot_count; i += audio_threads) {
      Slot& slot = slots[i];
      const std::unique_lock lock(slot.audio, std::try_to_lock);
      if (!lock || !slot.played || slot.played->block == 0) continue;
      Played& played = *slot.played;
      const std::size_t n = random() % 50 == 0   ? most_blocks * played.block
                            : random() % 20 == 0 ? 1 + random() % (3 * played.block)
                            : random() % 4 == 0  ? 1 + random() % played.block
                                                 : played.block;
      played.callback(n, false);
      float seen = 0;
      if (random() % 100 == 0) played.session.reset(), played.start();
      if (random() % 10 == 0) played.any_thread(random, seen);
      ++callbacks, frames += n;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 1000));
  });
  threads.run(3, [&](std::size_t t) {  // hosts
    std::mt19937& random = randoms[4 + t];
    Slot& slot = slots[random() % slot_count];
    const unsigned what = random() % 8;
    if (what < 4) {
      const std::shared_lock life(slot.life);
      if (slot.played) slot.played->session.exchange(slot.played->engine()), ++exchanged;
    } else if (what < 7) {
      const std::lock_guard paused(slot.audio);
      const std::shared_lock life(slot.life);
      if (slot.played) slot.played->prepare(random), ++prepared;
    } else {
      const std::lock_guard paused(slot.audio);
      const std::lock_guard life(slot.life);
      destroy(slot);
      if (random() % 4 != 0) create(slot, all[random() % all.size()], random);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
  });
  threads.run(3, [&](std::size_t t) {  // an editor, an automation, a network server
    std::mt19937& random = randoms[8 + t];
    thread_local std::array<std::pair<unsigned, float>, slot_count> seen{};
    for (int i = 0; i < 100; ++i) {
      const std::size_t s = random() % slot_count;
      const std::shared_lock life(slots[s].life);
      const unsigned generation = slots[s].generation.load();
      if (seen[s].first != generation) seen[s] = {generation, 0.0f};
      if (!slots[s].played) continue;
      slots[s].played->any_thread(random, seen[s].second);
      if (t == 0 && random() % 100 == 0) slots[s].played->session.set_offline(random() % 3 == 0);
    }
    std::this_thread::sleep_for(1ms);
  });
  threads.go();

  Watchdog watchdog(1);
  for (Slot& slot : slots) {
    watchdog.beat(0);
    if (!slot.played) continue;
    lost += std::exchange(slot.played->lost, 0);
    expect_exact(*slot.played, randoms[15]);
    destroy(slot);
  }
  EXPECT_EQ(pool.stats().lanes, 0u);
  expect_none();
  std::printf("%llu callbacks, %llu sessions, %llu prepared, %llu engines exchanged; %.2g of the output replaced\n",
              static_cast<unsigned long long>(callbacks), static_cast<unsigned long long>(created),
              static_cast<unsigned long long>(prepared), static_cast<unsigned long long>(exchanged),
              static_cast<double>(lost) / static_cast<double>(frames));
}

/// Creates, plays and destroys sessions, with jobs under way, on each of `n` threads.
void come_and_go(std::size_t n, const Pool& pool, Threads& threads) {
  static const std::vector<Kind> all = kinds();
  threads.run(n, [pool](std::size_t t) {
    thread_local std::mt19937 random(static_cast<unsigned>(t));
    Played played(all[random() % all.size()], pool);
    played.prepare(random);
    if (random() % 4 == 0) expect_exact(played, random);
    for (std::size_t i = random() % 20; i > 0; --i) played.callback(played.block, false);
  });
}

TEST(Storm, ThreadsStartAndStopWithSessions) {
  Threads threads;
  come_and_go(2, Pool::shared(), threads);
  come_and_go(3, Pool(workers(3)), threads);
  PoolOptions polling = workers(2);
  polling.poll = 500us;
  come_and_go(2, Pool(polling), threads);
  threads.go();
  EXPECT_EQ(Pool::shared().stats().lanes, 0u);
  EXPECT_EQ(Pool::shared().stats().workers, 0u);
  expect_none();
}

TEST(Storm, ThreadsOfTheHostRunJobs) {
  const Pool pool(workers(0));
  Threads threads;
  come_and_go(3, pool, threads);
  threads.run(3, [pool](std::size_t) {
    for (int i = 0; i < 100; ++i)
      if (!Pool(pool).run_one()) std::this_thread::yield();
  });
  threads.go();
  EXPECT_EQ(pool.stats().lanes, 0u);
  expect_none();
}

TEST(Storm, NoWakeUpIsLost) {
  // A worker looks for work only once before it sleeps. If it misses a job, its session waits for ever.
  struct Case {
    std::size_t workers, sessions, lanes;
  };
  for (const Case& c : {Case{1, 1, 1}, Case{2, 1, 1}, Case{2, 1, 2}, Case{2, 3, 1}, Case{4, 2, 3}}) {
    const Pool pool(workers(c.workers, 0us));
    std::vector<std::unique_ptr<Played>> played;
    for (std::size_t i = 0; i < c.sessions; ++i) {
      Kind kind{.hop = 16, .hop_out = 16, .window = 16, .stateless = true};
      kind.lanes = c.lanes;
      played.push_back(std::make_unique<Played>(kind, pool));
      played.back()->session.set_offline(true);
      played.back()->session.prepare({16, 48000}, {.run_ms = 0.01});
      played.back()->block = 16;
      played.back()->start();
    }
    Threads threads;
    threads.run(c.sessions, [&](std::size_t i) {
      for (int k = 0; k < 20; ++k) {
        played[i]->callback(16, true);
        for (int pause = static_cast<int>(played[i]->frame / 16 % 37) * 7; pause > 0; --pause) detail::pause();
      }
    });
    threads.go(0.2);
    for (const auto& p : played) EXPECT_EQ(p->session.stats().skipped, 0u);
  }
  expect_none();
}

TEST(Storm, ValuesAreWhole) {
  // Nothing but values: in the callback, and from several lanes.
  Kind direct{.hop = 1, .hop_out = 1, .window = 1, .multiples = true, .in_callback = true, .values = true};
  Kind lanes{.hop = 1, .hop_out = 1, .window = 1, .lanes = 4, .values = true, .stateless = true};
  for (const Kind& kind : {direct, lanes}) {
    Played played(kind, Pool(workers(2)));
    played.session.prepare({1, 48000}, {.run_ms = 0.001});
    played.block = 1;
    played.start();
    Threads threads;
    threads.run(1, [&](std::size_t) {
      for (int i = 0; i < 100; ++i) played.callback(1, false);
    });
    threads.run(3, [&](std::size_t t) {
      thread_local std::mt19937 random(static_cast<unsigned>(t));
      float seen = 0;
      for (int i = 0; i < 100; ++i) played.any_thread(random, seen);
    });
    threads.go(0.25);
  }
  expect_none();
}

/// An engine that runs until it is told to end.
struct Gate {
  std::atomic<int>*entered, *opened;
  Ports ports() const { return {{Port::stream(1, 16)}, {Port::stream(1, 16)}}; }
  bool run(Job&) {
    for (const int mine = ++*entered; *opened < mine;) std::this_thread::sleep_for(1ms);
    return true;
  }
  void reset() noexcept {}
};

TEST(Storm, WorkersRunWhatAThreadOfTheHostLeaves) {
  Pool pool(workers(1, 0us));
  std::atomic<int> entered_a{0}, opened_a{0}, entered_b{0}, opened_b{0};
  Session a(Gate{&entered_a, &opened_a}, pool, {.warm_up = 0}), b(Gate{&entered_b, &opened_b}, pool, {.warm_up = 0});
  for (Session* session : {&a, &b}) session->prepare({.block = 16, .rate = 48000}, {.run_ms = 0.1});
  const std::vector<float> in(16);
  std::vector<float> out(16);
  const auto wait = [](const auto& condition) {
    for (int attempt = 0; attempt < 10000 && !condition(); ++attempt) std::this_thread::sleep_for(1ms);
    return condition();
  };
  b.process(in, out);
  ASSERT_TRUE(wait([&] { return entered_b == 1; })) << "the worker is busy";
  a.process(in, out);
  std::thread helper([&] { pool.run_one(); });
  ASSERT_TRUE(wait([&] { return entered_a == 1; })) << "the host's thread is busy";
  a.process(in, out);  // whoever ends with the job before must see to this one
  opened_b = 1;
  std::this_thread::sleep_for(100ms);  // the worker sleeps
  opened_a = 1;
  helper.join();
  EXPECT_TRUE(wait([&] { return entered_a == 2; })) << "nobody runs the second job";
  opened_a = 2;
}

TEST(Storm, OfflineDoesNotWaitForJobsThatAreNotComplete) {
  struct Mix {
    Ports ports() const { return {{Port::stream(1, 16), Port::stream(1, 16)}, {Port::stream(1, 16)}}; }
    bool run(Job& job) {
      for (std::size_t f = 0; f < 16; ++f) job.out[0].channel(0)[f] = job.in[0].channel(0)[f] - job.in[1].channel(0)[f];
      return true;
    }
    void reset() noexcept {}
  };
  Watchdog watchdog(1);
  Session session(Mix{}, Pool(workers(1)));
  session.prepare({.block = 16, .rate = 48000}, {.run_ms = 0.1});
  session.set_offline(true);
  const std::vector<float> in(16, 1.0f);
  std::vector<float> out(16);
  const float* const from = in.data();
  float* const to = out.data();
  for (int i = 0; i < 1000; ++i) session.push(0, &from, 16);  // the second input does not come
  session.reset();
  for (int i = 0; i < 10; ++i) {
    session.push(0, &from, 16);
    session.push(1, &from, 16);
    session.pop(0, &to, 16);
  }
  EXPECT_EQ(out, std::vector<float>(16)) << "1 - 1";
  EXPECT_EQ(session.stats().misses, 0u);
}

TEST(Storm, OfflineDoesNotWaitForOutputsThatWereNotTaken) {
  Watchdog watchdog(1);
  Played played(Kind{.hop = 16, .hop_out = 16, .window = 16}, Pool(workers(1)));
  played.session.prepare({.block = 16, .rate = 48000}, {.run_ms = 0.1});
  played.session.set_offline(true);
  const std::vector<float> in(1600, 1.0f);
  std::vector<float> out(1600);
  const float* const from = in.data();
  float* const to = out.data();
  played.session.push(0, &from, 1600);  // much more than is remembered
  played.session.pop(0, &to, 1600);
  played.block = 16;
  played.session.reset();
  played.start();
  for (int i = 0; i < 10; ++i) played.callback(16, true);
}

TEST(Storm, WorkersThatLookForWorkStop) {
  const auto start = Clock::now();
  {
    Session session(Passthrough(Kind()), Pool(workers(2, 1min)));
    session.prepare({.block = 64, .rate = 48000}, {.run_ms = 0.1});
  }
  EXPECT_LT(Clock::now() - start, 30s);
}

}  // namespace

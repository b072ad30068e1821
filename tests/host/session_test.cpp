// Sessions in virtual time: a pool without threads, whose jobs run when the test says that they would have finished.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "inlay/host.hpp"

namespace {

using namespace inlay::host;  // NOLINT(google-build-using-namespace)

using Signal = std::vector<float>;

/// Copies its input, repeated or thinned out if the output has another hop.
struct Copy {
  static constexpr bool real_time = true;
  std::size_t hop_in = 64, hop_out = 64, channels = 1;
  bool independent = false;

  Ports ports() const { return {{Port::stream(channels, hop_in)}, {Port::stream(channels, hop_out)}}; }
  bool stateless() const noexcept { return independent; }
  bool run(Job& job) noexcept {
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t f = 0; f < hop_out; ++f) job.out[0].channel(c)[f] = job.in[0].channel(c)[f * hop_in / hop_out];
    return true;
  }
  void reset() noexcept {}
};

/// The sum of all samples so far: shows every job that is lost, doubled or out of order.
struct Sum {
  std::size_t hop = 64;
  double sum = 0;
  Ports ports() const { return {{Port::stream(1, hop)}, {Port::stream(1, hop)}}; }
  bool run(Job& job) noexcept {
    for (std::size_t f = 0; f < hop; ++f) job.out[0].channel(0)[f] = static_cast<float>(sum += job.in[0].channel(0)[f]);
    return true;
  }
  void reset() noexcept { sum = 0; }
};

/// An engine made of functions.
struct Custom {
  static constexpr bool real_time = true;
  Ports all_ports;
  std::function<bool(Job&)> on_run;
  std::function<void()> on_reset = [] {};
  bool independent = false;
  Ports ports() const { return all_ports; }
  bool stateless() const noexcept { return independent; }
  bool run(Job& job) { return on_run(job); }
  void reset() noexcept { on_reset(); }
};

Pool manual() { return Pool({.workers = 0}); }

Signal ramp(std::size_t frames) {
  Signal signal(frames);
  std::iota(signal.begin(), signal.end(), 1.0f);
  return signal;
}

/// What a delay line of `latency` frames gives.
Signal delayed(const Signal& in, std::size_t latency) {
  Signal out(in.size());
  for (std::size_t f = latency; f < in.size(); ++f) out[f] = in[f - latency];
  return out;
}

/// Processes a mono signal in blocks. `between` is called after each with the number of frames so far.
Signal play(Session& session, const Signal& in, const std::function<std::size_t()>& next_block,
            const std::function<void(std::size_t)>& between) {
  Signal out(in.size(), -1.0f);
  for (std::size_t at = 0; at < in.size();) {
    const std::size_t n = std::min(next_block(), in.size() - at);
    session.process(std::span(in).subspan(at, n), std::span(out).subspan(at, n));
    at += n;
    between(at);
  }
  return out;
}
Signal play(Session& session, const Signal& in, std::size_t block, const std::function<void(std::size_t)>& between) {
  return play(session, in, [&] { return block; }, between);
}

/// When the jobs of one lane finish, if each takes `run` frames of time.
struct Clock {
  Pool pool;
  double run;
  std::size_t hop;
  std::vector<double> finishes{};
  std::size_t submitted = 0, done = 0;

  /// A callback at frame `from` has submitted the jobs up to frame `to`. Runs what finishes before frame `to`, when
  /// the next callback comes.
  void operator()(std::size_t from, std::size_t to) {
    for (; (submitted + 1) * hop <= to; ++submitted) {
      const double start = std::max(static_cast<double>(from), finishes.empty() ? 0.0 : finishes.back());
      finishes.push_back(start + run);
    }
    while (done < submitted && finishes[done] <= static_cast<double>(to)) {
      EXPECT_TRUE(pool.run_one());
      ++done;
    }
  }
};

TEST(Session, DelaysASignalByItsLatencyInVirtualTime) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const std::size_t hop = 1 + random() % 200, block = 1 + random() % 300;
    const double run = static_cast<double>(random() % 1000) / 1000.0 * static_cast<double>(hop);
    const bool smaller = round % 3 == 1, varying = round % 3 == 2;
    Clock clock{manual(), run, hop};
    Session session(Copy{hop, hop}, clock.pool);
    session.prepare({static_cast<double>(block), 48000, smaller, varying}, {.run_ms = run / 48});
    const Signal in = ramp(5000 / block * block);
    std::size_t last = 0;
    const std::size_t constant = smaller ? 1 + random() % block : block;
    const auto next = [&]() -> std::size_t { return varying ? 1 + random() % block : constant; };
    const Signal out = play(session, in, next, [&](std::size_t now) {
      clock(last, now);
      last = now;
    });
    EXPECT_EQ(out, delayed(in, session.latency())) << "block " << block << ", hop " << hop << ", run " << run;
    EXPECT_EQ(session.stats().misses, 0u);
    EXPECT_EQ(session.stats().skipped, 0u);
  }
}

TEST(Session, StaysAlignedAfterMisses) {
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    const std::size_t hop = 1 + random() % 100, block = 1 + random() % 150;
    const Pool pool = manual();
    Session session(Copy{hop, hop}, pool, {.miss = Miss::dry, .crossfade = 1 + random() % 64});
    session.prepare({static_cast<double>(block), 48000, true}, {.run_ms = 0.5 * static_cast<double>(hop) / 48});
    const Signal in = ramp(8000);
    // The engine copies and what replaces it is the dry signal: nothing may be heard of the misses.
    const Signal out = play(session, in, block, [&](std::size_t now) {
      const bool hangs = now % 3000 > 2000;
      while (!hangs && Pool(pool).run_one()) {
      }
    });
    EXPECT_EQ(out, delayed(in, session.latency())) << "block " << block << ", hop " << hop;
    EXPECT_GT(session.stats().misses, 0u);
    EXPECT_GT(session.stats().missing_frames, 0u);
  }
}

TEST(Session, RunsLateJobsOnlyWhileTheyAreNeeded) {
  Pool pool = manual();
  std::vector<float> seen;
  Custom engine{{{Port::stream(1, 10)}, {Port::stream(1, 10)}}, [&](Job& job) {
                  seen.push_back(job.in[0].channel(0)[0]);
                  std::copy_n(job.in[0].channel(0), 10, job.out[0].channel(0));
                  return true;
                }};
  Session session(std::move(engine), pool, {.crossfade = 1, .warm_up = 0});
  session.prepare({.block = 10, .rate = 48000}, {.run_ms = 0.1});
  ASSERT_EQ(session.latency(), 10u);
  const Signal in = ramp(200);
  const Signal out = play(session, in, 10, [&](std::size_t now) {
    if (now >= 100)
      while (pool.run_one()) {
      }
  });
  EXPECT_EQ(seen.front(), 91.0f) << "the jobs before have no listener any more";
  for (std::size_t f = 0; f < 100; ++f) EXPECT_EQ(out[f], 0.0f);
  for (std::size_t f = 101; f < 200; ++f) EXPECT_EQ(out[f], in[f - 10]);
}

TEST(Session, FillsWithSilenceTheLastValueOrTheUsersFunction) {
  for (const Miss miss : {Miss::silence, Miss::hold, Miss::custom}) {
    Pool pool = manual();
    const Fill fill = [](const MissingFrames& missing) {
      for (std::size_t c = 0; c < missing.channels; ++c) std::fill_n(missing.out[c], missing.frames, 7.0f);
    };
    Session session(Copy{16, 16}, pool, {.miss = miss, .fill = fill, .crossfade = 8});
    session.prepare({.block = 16, .rate = 48000}, {.run_ms = 0.1});
    const Signal in(320, 1.0f);
    const Signal out = play(session, in, 16, [&](std::size_t now) {
      while (now != 160 && pool.run_one()) {
      }
    });
    const float filled = miss == Miss::silence ? 0.0f : miss == Miss::hold ? 1.0f : 7.0f;
    for (std::size_t f = 16; f < 160; ++f) EXPECT_EQ(out[f], 1.0f);
    // One hop is missing: eight frames fade to the filling, and eight frames of the next hop fade back.
    for (std::size_t f = 0; f < 8; ++f) {
      const float gain = static_cast<float>(f + 1) / 8;
      EXPECT_FLOAT_EQ(out[160 + f], 1.0f + (filled - 1.0f) * gain);
      EXPECT_FLOAT_EQ(out[168 + f], filled);
      EXPECT_FLOAT_EQ(out[176 + f], filled + (1.0f - filled) * gain);
    }
    for (std::size_t f = 184; f < 320; ++f) EXPECT_EQ(out[f], 1.0f);
    EXPECT_EQ(session.stats().misses, 1u);
    EXPECT_EQ(session.stats().missing_frames, 16u);
  }
}

TEST(Session, OfflineIsRealTimeToTheLastBit) {
  std::mt19937 random(3);
  for (const std::size_t workers : {std::size_t{0}, std::size_t{2}}) {
    for (int round = 0; round < 20; ++round) {
      const std::size_t hop = 1 + random() % 100, block = 1 + random() % 300;
      Signal in(6000);
      for (float& x : in) x = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 1000.0f;
      Session session(Sum{hop}, Pool({.workers = workers}));
      session.prepare({static_cast<double>(block), 48000}, {.run_ms = 0.3 * static_cast<double>(hop) / 48});
      session.set_offline(true);
      const Signal out = play(session, in, block, [](std::size_t) {});
      Signal expected(in.size());
      double sum = 0;
      for (std::size_t f = 0; f < in.size(); ++f) expected[f] = static_cast<float>(sum += in[f]);
      EXPECT_EQ(out, delayed(expected, session.latency()));
      EXPECT_EQ(session.stats().misses + session.stats().skipped, 0u);
    }
  }
}

TEST(Session, RunsStatelessEnginesOnSeveralLanes) {
  Session session(Copy{48, 48, 2, true}, Pool({.workers = 2}), {.lanes = 3});
  session.prepare({.block = 64, .rate = 48000}, {.run_ms = 1.9});
  session.set_offline(true);
  const Signal left = ramp(4800), right(4800, 0.5f);
  Signal out_left(4800), out_right(4800);
  for (std::size_t at = 0; at < 4800; at += 64) {
    const float* in[] = {&left[at], &right[at]};
    float* out[] = {&out_left[at], &out_right[at]};
    session.process(in, out, 64);
  }
  EXPECT_EQ(out_left, delayed(left, session.latency()));
  EXPECT_EQ(out_right, delayed(right, session.latency()));
  EXPECT_THROW(Session(Copy{}, Pool::shared(), {.lanes = 2}), std::invalid_argument) << "not stateless";
  Copy copy{64, 64, 1, true};
  Session by_reference(std::ref(copy), Pool::shared(), {.lanes = 2});
  EXPECT_THROW(by_reference.prepare({.block = 64, .rate = 48000}, {.run_ms = 0.1}), std::invalid_argument);
}

TEST(Session, GivesOlderFramesAgain) {
  for (const std::size_t window : {11u, 20u, 25u, 64u}) {
    Port input = Port::stream(1, 10);
    input.window = window;
    Custom engine{{{input}, {Port::stream(1, 10)}}, [window](Job& job) {  // out[f] = in[f - (window - 10)]
                    std::copy_n(job.in[0].channel(0), 10, job.out[0].channel(0));
                    return job.in[0].frames() == window;
                  }};
    Session session(std::move(engine), manual());
    session.prepare({.block = 7, .rate = 48000}, {.run_ms = 0.1});
    session.set_offline(true);
    const Signal in = ramp(700);
    const auto nothing = [](std::size_t) {};
    EXPECT_EQ(play(session, in, 7, nothing), delayed(in, session.latency() + window - 10)) << window;
    session.reset();
    EXPECT_EQ(play(session, in, 7, nothing), delayed(in, session.latency() + window - 10)) << "after a reset";
  }
}

TEST(Session, AddsTheEnginesOwnLatencyAlsoToTheDrySignal) {
  Port output = Port::stream(1, 10);
  output.latency = 23;
  Port input = Port::stream(1, 10);
  input.window = 33;
  Custom engine{{{input}, {output}}, [](Job& job) {
                  std::copy_n(job.in[0].channel(0), 10, job.out[0].channel(0));
                  return true;
                }};
  Pool pool = manual();
  Session session(std::move(engine), pool, {.miss = Miss::dry});
  session.prepare({.block = 16, .rate = 48000}, {.run_ms = 0.1});
  EXPECT_EQ(session.latency(), session.plan().latency(0) + 23);
  const Signal in = ramp(2000);
  const Signal out = play(session, in, 16, [&](std::size_t now) {
    while (now % 1000 > 500 && pool.run_one()) {
    }
  });
  EXPECT_EQ(out, delayed(in, session.latency()));
  EXPECT_GT(session.stats().misses, 10u);
}

TEST(Session, TakesALatencyThatIsMeasuredByAnImpulse) {
  for (const std::size_t delay : {0u, 1u, 9u, 10u, 25u, 137u}) {
    const auto engine = [delay](std::size_t window) {
      Port input = Port::stream(1, 10);
      input.window = window;
      return Custom{{{input}, {Port::stream(1, 10)}}, [past = Signal(delay)](Job& job) mutable {
                      const float* const newest = job.in[0].channel(0) + job.in[0].frames() - 10;
                      past.insert(past.end(), newest, newest + 10);
                      std::copy_n(past.begin(), 10, job.out[0].channel(0));
                      past.erase(past.begin(), past.begin() + 10);
                      return true;
                    }};
    };
    EXPECT_EQ(impulse_latency(engine(10)), delay);
    EXPECT_EQ(impulse_latency(engine(35)), delay);
    Session session(engine(10), manual(), {.latencies = {delay}});
    session.prepare({.block = 10, .rate = 48000}, {.run_ms = 0.1});
    EXPECT_EQ(session.latency(), 10 + delay);
  }
  // A window that gives the frames again.
  Port input = Port::stream(1, 10);
  input.window = 35;
  EXPECT_EQ(impulse_latency(Custom{{{input}, {Port::stream(1, 10)}},
                                   [](Job& job) {
                                     std::copy_n(job.in[0].channel(0), 10, job.out[0].channel(0));
                                     return true;
                                   }}),
            25u);
  EXPECT_THROW(impulse_latency(Copy{}, 1), std::invalid_argument);
  EXPECT_THROW(impulse_latency(Custom{Copy{}.ports(), [](Job&) { return true; }}), std::runtime_error);
  EXPECT_THROW(Session(Copy{}, manual(), {.latencies = {1, 2}}), std::invalid_argument);
}

TEST(Session, ServesTensorsOfDifferentHopsChannelsAndValues) {
  enum { audio, control, knobs };
  enum { wet, slow, feature };
  Custom engine{{{Port::stream(2, 32, "audio"), Port::stream(1, 4, "control"), Port::values(2, "knobs")},
                 {Port::stream(1, 64, "wet"), Port::stream(3, 1, "slow"), Port::values(2, "feature")}},
                [](Job& job) {
                  for (std::size_t f = 0; f < 64; ++f) job.out[wet].channel(0)[f] = job.in[audio].channel(f % 2)[f / 2];
                  for (std::size_t c = 0; c < 3; ++c) job.out[slow].channel(c)[0] = job.in[control].channel(0)[c];
                  std::copy_n(job.in[knobs].data(), 2, job.out[feature].data());
                  return true;
                }};
  Session session(std::move(engine), manual());
  session.prepare({.block = 48, .rate = 48000}, {.run_ms = 0.2});
  session.set_offline(true);
  const std::size_t total = 48 * 20;
  const Signal left = ramp(total);
  Signal right = left;
  for (float& x : right) x = -x;
  const Signal knob_signal = ramp(total / 8);
  Signal out_wet(total * 2), out_slow[3] = {Signal(total / 32), Signal(total / 32), Signal(total / 32)};
  std::size_t control_at = 0, slow_at = 0;
  float values[2];
  EXPECT_FALSE(session.latest(feature, values)) << "nothing has run";
  for (std::size_t at = 0; at < total; at += 48) {
    const float setting[] = {static_cast<float>(at), -static_cast<float>(at)};
    EXPECT_TRUE(session.set(knobs, setting));
    const float* in[] = {&left[at], &right[at], &knob_signal[control_at]};
    float* out[] = {&out_wet[at * 2], out_slow[0].data() + slow_at, out_slow[1].data() + slow_at,
                    out_slow[2].data() + slow_at};
    session.process(in, out, 48);
    control_at = (at + 48) / 8, slow_at = (at + 48) / 32;
    if (at > 0) {
      ASSERT_TRUE(session.latest(feature, values));
      EXPECT_EQ(values[0], -values[1]) << "not of one call of set";
    }
  }
  const std::size_t latency = session.latency(wet);
  for (std::size_t f = latency; f < out_wet.size(); ++f) {
    const std::size_t g = f - latency;
    ASSERT_EQ(out_wet[f], g % 2 == 0 ? left[g / 2] : right[g / 2]);
  }
  for (std::size_t f = session.latency(slow); f < total / 32; ++f)
    for (std::size_t c = 0; c < 3; ++c) ASSERT_EQ(out_slow[c][f], knob_signal[(f - session.latency(slow)) * 4 + c]);
  EXPECT_FALSE(session.set(audio, 1.0f));
  EXPECT_FALSE(session.set(knobs, 1.0f)) << "two values";
  EXPECT_FALSE(session.set(9, 1.0f));
  EXPECT_FALSE(session.latest(wet, values));
}

TEST(Session, RunsGeneratorsAndAnalysers) {
  Custom generator{{{Port::values(1)}, {Port::stream(1, 10)}}, [phase = 0.0f](Job& job) mutable {
                     for (std::size_t f = 0; f < 10; ++f) job.out[0].channel(0)[f] = phase += job.in[0].data()[0];
                     return true;
                   }};
  Session source(std::move(generator), manual(), {.warm_up = 0});
  source.set(0, 2.0f);
  source.prepare({.block = 16, .rate = 48000}, {.run_ms = 0.1});
  source.set_offline(true);
  Signal out(160);
  for (std::size_t at = 0; at < 160; at += 16) {
    float* to = &out[at];
    if (at % 32 == 0) source.process(nullptr, &to, 16);
    else source.pop(0, &to, 16);
  }
  for (std::size_t f = 0; f < 160; ++f)
    EXPECT_EQ(out[f], f < source.latency() ? 0.0f : 2.0f * static_cast<float>(f - source.latency() + 1));

  Custom analyser{{{Port::stream(1, 10)}, {Port::values(1)}}, [](Job& job) {
                    job.out[0].data()[0] = *std::max_element(job.in[0].channel(0), job.in[0].channel(0) + 10);
                    return true;
                  }};
  Session meter(std::move(analyser), Pool({.workers = 1}));
  meter.prepare({.block = 16, .rate = 48000}, {.run_ms = 0.1});
  meter.set_offline(true);
  const Signal in = ramp(160);
  for (std::size_t at = 0; at < 160; at += 16) {
    const float* from = &in[at];
    meter.push(0, &from, 16);
  }
  float peak = 0;
  for (int attempt = 0; attempt < 1000 && !(meter.latest(0, {&peak, 1}) && peak == 160); ++attempt)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(peak, 160.0f);
}

TEST(Session, AcceptsABlockThatIsAFraction) {
  Custom engine{{{Port::stream(8, 1)}, {Port::stream(1, 1024)}}, [](Job& job) {
                  std::fill_n(job.out[0].channel(0), 1024, job.in[0].channel(7)[0]);
                  return true;
                }};
  Clock clock{manual(), 0.28125, 1};
  Session session(std::move(engine), clock.pool);
  session.prepare({.block = 2.5, .rate = 48000.0 / 2048}, {.run_ms = 12});
  const Signal in = ramp(100);
  Signal out(100 * 1024);
  std::size_t pushed = 0;
  for (std::size_t callback = 0; callback < 40; ++callback) {
    const std::size_t next = (callback + 1) * 5 / 2, at = callback * 2560;
    const std::vector<const float*> from(8, &in[pushed]);
    float* to = &out[at];
    session.push(0, from.data(), next - pushed);
    session.pop(0, &to, 2560);
    pushed = next;
    while (clock.pool.run_one()) {  // a run is shorter than a callback
    }
  }
  EXPECT_EQ(session.stats().misses, 0u);
  for (std::size_t f = session.latency(); f < out.size(); ++f) ASSERT_EQ(out[f], in[(f - session.latency()) / 1024]);
}

TEST(Session, ResetsWithoutWaiting) {
  std::mt19937 random(4);
  const Signal in = ramp(3000);
  for (int round = 0; round < 50; ++round) {
    const std::size_t hop = 1 + random() % 100, block = 1 + random() % 150;
    Pool pool = manual();
    Session session(Sum{hop}, pool);
    session.prepare({static_cast<double>(block), 48000}, {.run_ms = 0.5 * static_cast<double>(hop) / 48});
    Clock clock{pool, 0.5 * static_cast<double>(hop), hop};
    std::size_t last = 0;
    const auto run = [&](std::size_t now) {
      clock(last, now);
      last = now;
    };
    const Signal first = play(session, in, block, run);
    // Jobs are under way, and a part of a hop is filled.
    session.reset();
    while (pool.run_one()) {
    }
    clock = Clock{pool, 0.5 * static_cast<double>(hop), hop};
    last = 0;
    EXPECT_EQ(play(session, in, block, run), first) << "block " << block << ", hop " << hop;
    EXPECT_EQ(session.stats().misses, 0u);
  }
}

TEST(Session, ExchangesTheEngineWithACrossfade) {
  for (const bool in_callback : {false, true})
    for (const bool any_hop : {false, true}) {
      const auto constant = [&](float value, int* resets) {
        Ports ports{{Port::stream(1, any_hop ? 1 : 16)}, {Port::stream(1, any_hop ? 1 : 16)}, any_hop};
        return Custom{ports,
                      [value](Job& job) {
                        std::fill_n(job.out[0].channel(0), job.out[0].frames(), value);
                        return true;
                      },
                      [resets] { ++*resets; }};
      };
      int resets = 0;
      SessionOptions options;
      options.hop = any_hop && !in_callback ? 16 : 0;
      Session session = in_callback ? Session(constant(1, &resets), on_audio_thread, options)
                                    : Session(constant(1, &resets), manual(), options);
      session.prepare({.block = 24, .rate = 48000}, {.run_ms = 0.1});
      session.set_offline(true);
      const Signal in(24 * 40);
      const Signal out = play(session, in, 24, [&](std::size_t now) {
        if (now == 240) session.exchange(constant(9, &resets));  // replaced before it is heard
        if (now == 240) session.exchange(constant(2, &resets));
        if (now == 480) session.exchange(constant(1, &resets));
      });
      const auto step = [&](std::size_t from, std::size_t to) {
        float largest = 0;
        for (std::size_t f = from + 1; f < to; ++f) largest = std::max(largest, std::abs(out[f] - out[f - 1]));
        return largest;
      };
      EXPECT_LE(step(session.latency(), out.size()), 1.0f / 64 + 1e-6f) << "a crossfade of 64 frames";
      EXPECT_EQ(out[239], 1.0f) << "too early";
      EXPECT_EQ(out[460], 2.0f);
      EXPECT_EQ(out.back(), 1.0f);
      EXPECT_THROW(session.exchange(Copy{8, 8}), std::invalid_argument);
      EXPECT_EQ(session.stats().failures, 0u);
    }
}

TEST(Session, RunsOnTheCallersMemoryInTheCallback) {
  const float* seen_in = nullptr;
  const float* seen_out = nullptr;
  Custom engine{{{Port::stream(1, 1)}, {Port::stream(1, 1)}, true}, [&](Job& job) {
                  seen_in = job.in[0].channel(0), seen_out = job.out[0].channel(0);
                  std::copy_n(seen_in, job.in[0].frames(), job.out[0].channel(0));
                  return true;
                }};
  Session session(std::move(engine), on_audio_thread);
  EXPECT_EQ(session.prepare({.block = 16, .rate = 48000}).latency(0), 0u);
  const Signal in = ramp(100);
  Signal out(100);
  session.process(in, out);  // more than a block
  EXPECT_EQ(seen_in, in.data());
  EXPECT_EQ(seen_out, out.data());
  EXPECT_EQ(in, out);
}

TEST(Session, AdaptsTheBlockToTheHopInTheCallback) {
  for (std::size_t block = 1; block <= 40; ++block)
    for (const std::size_t hop : {1u, 8u, 12u, 30u})
      for (const bool smaller : {false, true}) {
        Session session(Copy{hop, hop}, on_audio_thread);
        session.prepare({static_cast<double>(block), 48000, smaller});
        ASSERT_EQ(session.latency(), smaller ? hop - 1 : hop - std::gcd(block, hop));
        const Signal in = ramp(10 * block);
        std::mt19937 random(5);
        const auto next = [&]() -> std::size_t { return smaller ? 1 + random() % block : block; };
        ASSERT_EQ(play(session, in, next, [](std::size_t) {}), delayed(in, session.latency()));
        ASSERT_EQ(session.stats().missing_frames, 0u);
      }
}

struct NotRealTime {
  Ports ports() const { return Copy{}.ports(); }
  bool run(Job&) { throw std::runtime_error("fails"); }
  void reset() noexcept {}
};
static_assert(std::is_constructible_v<Session, Copy, OnAudioThread>);
static_assert(!std::is_constructible_v<Session, NotRealTime, OnAudioThread>);
static_assert(std::is_constructible_v<Session, NotRealTime, Pool>);
static_assert(!std::is_constructible_v<Session, int, Pool>);

TEST(Session, ReplacesWhatAFailedRunGives) {
  int run = 0;
  const auto engine = [&](auto fail) {
    return Custom{Copy{16, 16}.ports(), [&run, fail](Job& job) {
                    std::fill_n(job.out[0].channel(0), 16, 1.0f);
                    return ++run % 4 != 0 || fail(job);
                  }};
  };
  const auto test = [&](auto fail) {
    run = 0;
    Session session(engine(fail), manual(), {.crossfade = 1, .warm_up = 0});
    session.prepare({.block = 16, .rate = 48000}, {.run_ms = 0.1});
    session.set_offline(true);
    const Signal out = play(session, Signal(320), 16, [](std::size_t) {});
    for (std::size_t f = 17; f < 320; ++f) ASSERT_TRUE(f % 16 == 0 || out[f] == (f / 16 % 4 == 0 ? 0.0f : 1.0f)) << f;
    EXPECT_EQ(session.stats().failures, 4u);
    EXPECT_EQ(session.stats().misses, 0u);
  };
  test([](Job&) { return false; });
  test([](Job&) -> bool { throw std::runtime_error("fails"); });
  test([](Job& job) { return job.out[0].channel(0)[7] = std::numeric_limits<float>::quiet_NaN(), true; });
  test([](Job& job) { return job.out[0].channel(0)[15] = -std::numeric_limits<float>::infinity(), true; });
  Session never(NotRealTime{}, manual(), {.warm_up = 0});
  EXPECT_THROW(never.prepare({.block = 16, .rate = 48000}, Budget::measured()), std::runtime_error);
}

TEST(Session, SilencesAFailedRunInTheCallback) {
  int run = 0, resets = 0;
  Custom engine{{{Port::stream(1, 1)}, {Port::stream(1, 1), Port::values(1)}, true},
                [&](Job& job) {
                  std::fill_n(job.out[0].channel(0), job.out[0].frames(), 1.0f);
                  job.out[1].data()[0] = static_cast<float>(++run);
                  if (run == 2) job.out[0].channel(0)[9] = std::numeric_limits<float>::quiet_NaN();
                  if (run == 3) throw std::runtime_error("fails");
                  return run != 4;
                },
                [&] { ++resets; }};
  Session session(std::move(engine), on_audio_thread, {.warm_up = 0});
  session.prepare({.block = 16, .rate = 48000});
  const Signal out = play(session, Signal(16 * 6), 16, [](std::size_t) {});
  for (std::size_t f = 0; f < out.size(); ++f) EXPECT_EQ(out[f], f < 16 || f >= 64 ? 1.0f : 0.0f) << f;
  EXPECT_EQ(session.stats().failures, 3u);
  EXPECT_EQ(session.stats().runs, 6u);
  EXPECT_GE(resets, 4) << "at the start, and after each failure";
  float value = 0;
  EXPECT_TRUE(session.latest(1, {&value, 1}));
  EXPECT_EQ(value, 6.0f);
}

TEST(Session, SurvivesAnEngineThatHangs) {
  std::atomic<bool> hang{false};
  Custom engine{Copy{64, 64}.ports(), [&](Job& job) {
                  if (hang.exchange(false)) std::this_thread::sleep_for(std::chrono::milliseconds(200));
                  std::copy_n(job.in[0].channel(0), 64, job.out[0].channel(0));
                  return true;
                }};
  Session session(std::move(engine), Pool({.workers = 1}), {.miss = Miss::dry});
  session.prepare({.block = 64, .rate = 48000}, {.run_ms = 0.5});
  const Signal in = ramp(64 * 600);
  hang = true;
  const auto start = std::chrono::steady_clock::now();
  // Windows sleeps for whole milliseconds.
  const Signal out =
      play(session, in, 64, [&](std::size_t) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); });
  EXPECT_GT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(300));
  EXPECT_EQ(out, delayed(in, session.latency()));
  EXPECT_GT(session.stats().misses, 20u);
  EXPECT_GE(session.stats().longest_run_ms, 200);
}

TEST(Session, WaitsForTheShareOfABlockThatIsPlanned) {
  // A run takes 2 ms or a little more, and a block lasts 100 ms: with a wait of half a block nothing is late.
  Custom engine{Copy{4800, 4800}.ports(), [](Job& job) {
                  std::this_thread::sleep_for(std::chrono::milliseconds(2));
                  std::copy_n(job.in[0].channel(0), 4800, job.out[0].channel(0));
                  return true;
                }};
  Session session(std::move(engine), Pool({.workers = 1}));
  session.prepare({.block = 4800, .rate = 48000}, {.run_ms = 40, .wait = 0.5});
  EXPECT_EQ(session.latency(), 0u);
  const Signal in = ramp(48000);
  const Signal out = play(session, in, 4800, [](std::size_t) {});
  EXPECT_TRUE(session.stats().misses > 0 || out == in);
  EXPECT_LT(session.stats().misses, 5u) << "on a machine that is not overloaded";
}

TEST(Session, MeasuresItsBudget) {
  Custom engine{Copy{480, 480}.ports(), [](Job&) {
                  std::this_thread::sleep_for(std::chrono::milliseconds(1));
                  return true;
                }};
  Session session(std::move(engine), manual());
  const Plan measured = session.prepare({.block = 480, .rate = 48000}, Budget::measured(0.5, 2.0, 10));
  EXPECT_GT(measured.load, 0.19);
  Custom slow{Copy{48, 48}.ports(), [](Job&) {
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
                return true;
              }};
  Session too_slow(std::move(slow), manual());
  try {
    too_slow.prepare({.block = 480, .rate = 48000}, Budget::measured(0.5, 1.0, 3));
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("cannot keep up"), std::string::npos) << error.what();
  }
}

TEST(Session, RefusesWhatDoesNotFitAndStaysAsItWas) {
  Pool pool = manual();
  Session session(Copy{16, 16}, pool);
  const Host host{.block = 16, .rate = 48000};
  session.prepare(host, {.run_ms = 0.1});
  const auto refused = [&](const Host& other, const Budget& budget) {
    EXPECT_ANY_THROW(session.prepare(other, budget));
    EXPECT_EQ(session.latency(), 16u);
    session.reset();
    const Signal in = ramp(160);
    EXPECT_EQ(play(session, in, 16, [&](std::size_t) { pool.run_one(); }), delayed(in, 16));
  };
  refused({.block = 0, .rate = 48000}, {});
  refused({.block = -1, .rate = 48000}, {});
  refused({.block = 16, .rate = 0}, {});
  refused({.block = std::numeric_limits<double>::quiet_NaN(), .rate = 48000}, {});
  refused({.block = 16, .rate = std::numeric_limits<double>::infinity()}, {});
  refused({.block = 1.0 / 3, .rate = 48000}, {});
  refused(host, {.run_ms = -1});
  refused(host, {.run_ms = 1});  // longer than a hop
  refused(host, {.run_ms = std::numeric_limits<double>::quiet_NaN()});
  refused(host, {.wait = 2});
  refused(host, Budget::measured(0.0));
  refused(host, Budget::measured(0.99, 0.5));

  const auto session_of = [](Ports ports, SessionOptions options = {}) {
    return Session(Custom{std::move(ports), [](Job&) { return true; }}, manual(), std::move(options));
  };
  EXPECT_THROW(session_of({{Port::values(1)}, {Port::values(1)}}), std::invalid_argument) << "nothing streams";
  EXPECT_THROW(session_of({{}, {}}), std::invalid_argument);
  EXPECT_THROW(session_of({{Port::stream(0, 16)}, {}}), std::invalid_argument);
  Port narrow = Port::stream(1, 16);
  narrow.window = 8;
  EXPECT_THROW(session_of({{narrow}, {}}), std::invalid_argument);
  narrow.window = 32;
  EXPECT_THROW(session_of({{Port::stream(1, 16)}, {narrow}}), std::invalid_argument);
  EXPECT_THROW(session_of({std::vector<Port>(17, Port::stream(1, 16)), {}}), std::invalid_argument);
  EXPECT_THROW(session_of(Copy{}.ports(), {.lanes = 0}), std::invalid_argument);
  EXPECT_THROW(session_of(Copy{}.ports(), {.miss = Miss::custom}), std::invalid_argument);
  EXPECT_THROW(session_of(Copy{16, 16}.ports(), {.hop = 8}).prepare(host, {.run_ms = 0.1}), std::invalid_argument);
  EXPECT_THROW(session_of(Copy{16, 32}.ports(), {.miss = Miss::dry}).prepare(host, {.run_ms = 0.1}),
               std::invalid_argument);
}

/// Larger than a stack.
struct Large : Copy {
  std::array<float, std::size_t{1} << 22> memory{};
};

TEST(Session, KeepsLargeEnginesOffTheStack) {
  auto large = std::make_unique<Large>();
  large->independent = true;
  Session session(std::as_const(*large), Pool({.workers = 1}), {.lanes = 2});
  session.prepare({.block = 64, .rate = 48000}, {.run_ms = 0.1});
  session.set_offline(true);
  const Signal in = ramp(640);
  EXPECT_EQ(play(session, in, 64, [](std::size_t) {}), delayed(in, session.latency()));
}

TEST(Session, IsSilentBeforePrepare) {
  Session session(Copy{16, 16}, on_audio_thread);
  Signal out(50, 1.0f);
  session.process(ramp(50), out);
  EXPECT_EQ(out, Signal(50));
  EXPECT_EQ(session.latency(), 0u);
  session.reset();
  EXPECT_EQ(session.stats().runs, 0u);
}

TEST(Pool, RunsTheMostUrgentJobFirst) {
  Pool pool = manual();
  std::vector<int> order;
  const auto engine = [&](int id, std::size_t hop) {
    return Custom{Copy{hop, hop}.ports(), [&order, id](Job&) { return order.push_back(id), true; }};
  };
  SessionOptions options;
  options.warm_up = 0;
  Session big(engine(1, 2048), pool, options);
  std::vector<Session> small;
  for (int id = 2; id < 5; ++id) small.emplace_back(engine(id, 64), pool, options);
  big.prepare({.block = 64, .rate = 48000}, {.run_ms = 20});
  for (Session& session : small) session.prepare({.block = 64, .rate = 48000}, {.run_ms = 0.1});
  const Signal in = ramp(2048);
  Signal out(2048);
  for (std::size_t at = 0; at < 2048; at += 64) {
    big.process(std::span(in).subspan(at, 64), std::span(out).subspan(at, 64));
    if (at + 64 < 2048) continue;
    for (Session& session : small) session.process(std::span(in).subspan(at, 64), std::span(out).subspan(at, 64));
  }
  while (pool.run_one()) {
  }
  EXPECT_EQ(order, (std::vector<int>{2, 3, 4, 1})) << "the long job was submitted first, but has more time";
}

TEST(Pool, PollsForWork) {
  Session session(Sum{64},
                  Pool({.workers = 2, .spin = std::chrono::microseconds(0), .poll = std::chrono::microseconds(200)}));
  session.prepare({.block = 64, .rate = 48000}, {.run_ms = 0.1, .wake_ms = 0.5});
  session.set_offline(true);
  const Signal out = play(session, Signal(6400, 1.0f), 64, [](std::size_t) {});
  EXPECT_EQ(out, delayed(ramp(6400), session.latency()));
}

TEST(Pool, StartsWithTheFirstSessionAndEndsWithTheLast) {
  Pool pool({.workers = 3, .priority = Priority::normal});
  EXPECT_EQ(pool.stats().workers, 0u);
  {
    Session a(Copy{}, pool), b(Copy{}, pool);
    a.prepare({.block = 64, .rate = 48000}, {.run_ms = 0.1});
    b.prepare({.block = 64, .rate = 48000}, {.run_ms = 0.1});
    EXPECT_EQ(pool.stats().workers, 3u);
    EXPECT_EQ(pool.stats().lanes, 2u);
    EXPECT_EQ(pool.stats().refused, 0u);
  }
  EXPECT_EQ(pool.stats().workers, 0u);
}

}  // namespace

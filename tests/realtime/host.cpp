/// What a session does on the audio thread must not allocate, free, lock or block. Engines on other threads may.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <inlay/host.hpp>
#include <memory>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "realtime/realtime.hpp"

namespace {

using namespace inlay::host;  // NOLINT(google-build-using-namespace)

constexpr std::size_t hop = 32, block = 48;

/// Gives its first channel on all channels, and the values that it gets.
struct Echo {
  static constexpr bool real_time = true;
  bool multiples = false, generates = false, window = false, allocates = false;
  unsigned fails = 0, throws = 0, sleeps = 0;  // every how many runs. 0: never
  unsigned runs = 0;
  std::unique_ptr<int> memory{};

  Echo() = default;
  Echo(const Echo& other)
      : multiples(other.multiples), generates(other.generates), window(other.window), allocates(other.allocates) {}
  Echo& operator=(const Echo&) = delete;

  Ports ports() const {
    const std::size_t unit = multiples ? 1 : hop;
    Ports ports{{Port::values(3)}, {Port::stream(2, unit), Port::values(3)}, multiples};
    if (!generates) ports.in.push_back(Port::stream(2, unit));
    if (window) ports.in.back().window = 3 * hop - 5;
    return ports;
  }
  bool stateless() const noexcept { return true; }
  void reset() noexcept { runs = 0; }
  bool run(Job& job) {
    ++runs;
    if (allocates) memory = std::make_unique<int>(1);
    if (sleeps > 0 && runs % sleeps == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3));
    if (throws > 0 && runs % throws == 0) throw std::runtime_error("planned");
    for (std::size_t c = 0; c < 2; ++c) {
      const auto& out = job.out[0];
      if (generates) std::fill_n(out.channel(c), out.frames(), 1.0f);
      else std::copy_n(job.in[1].channel(0), out.frames(), out.channel(c));
    }
    std::copy_n(job.in[0].data(), 3, job.out[1].data());
    return fails == 0 || runs % fails != 0;
  }
};

/// A stereo signal in memory that is there before it is needed.
struct Stereo {
  std::array<std::array<float, 4 * block>, 2> memory{};
  std::array<float*, 2> channels{memory[0].data(), memory[1].data()};
};

/// Every call of the audio thread, `callbacks` times. `between` runs after each one, unchecked.
template <class Between>
void expect_realtime(const char* what, Session& session, bool whole, Between between, int callbacks = 40) {
  SCOPED_TRACE(what);
  Stereo in, out;
  std::array<float, 3> values{}, latest{};
  const std::size_t stream = session.ports().in.size() - 1;
  for (int i = 0; i < callbacks; ++i) {
    values.fill(static_cast<float>(i));
    const std::size_t n = i % 5 == 4 ? 3 * block : i % 5 == 3 ? 7 : block;
    EXPECT_STREQ(realtime::check([&] { session.set(0, values); }), "");
    EXPECT_STREQ(realtime::check([&] {
                   if (whole || i % 3 != 0) return session.process(in.channels.data(), out.channels.data(), n);
                   session.push(stream, in.channels.data(), n);
                   session.pop(0, out.channels.data(), n);
                 }),
                 "");
    EXPECT_STREQ(realtime::check([&] {
                   session.latest(1, latest);
                   static_cast<void>(session.stats());
                   static_cast<void>(session.latency());
                   session.set_offline(false);
                 }),
                 "");
    if (i % 17 == 16) {
      EXPECT_STREQ(realtime::check([&] { session.reset(); }), "");
    }
    between(i);
  }
}

TEST(RealtimeHost, EngineInTheCallback) {
  Echo echo;
  for (const bool multiples : {false, true}) {
    for (const bool generates : {false, true}) {
      echo.multiples = multiples;
      echo.generates = generates;
      Session session(echo, on_audio_thread);
      session.prepare({block, 48000, true});
      expect_realtime(multiples ? "on the host's memory" : "adapted", session, multiples || generates, [&](int i) {
        if (i % 7 == 0) session.exchange(echo);
      });
    }
  }
}

TEST(RealtimeHost, SessionBeforePrepare) {
  Session session(Echo{}, Pool({.workers = 0}));
  expect_realtime("not prepared", session, true, [](int) {});
}

SessionOptions options(Miss miss, std::size_t lanes = 1) {
  SessionOptions options;
  options.miss = miss;
  options.lanes = lanes;
  options.fill = [](const MissingFrames& missing) {
    for (std::size_t c = 0; c < missing.channels; ++c) std::fill_n(missing.out[c], missing.frames, 0.5f);
  };
  return options;
}

TEST(RealtimeHost, MissesOfEachKind) {
  for (const Miss miss : {Miss::silence, Miss::hold, Miss::dry, Miss::custom})
    for (const bool window : {false, true}) {
      Pool pool({.workers = 0});
      Echo echo;
      echo.window = window;
      Session session(echo, pool, options(miss, 2));
      session.prepare({block, 48000, true}, {.run_ms = 0.3});
      expect_realtime("misses", session, false, [&](int i) {
        if (i % 11 == 0) session.exchange(echo);
        while (i % 8 < 4 && pool.run_one()) {
        }
      });
      EXPECT_GT(session.stats().missing_frames, 0u);
      EXPECT_GT(session.stats().runs, 0u);
    }
}

TEST(RealtimeHost, EnginesOnWorkersMayDoAnything) {
  Echo echo;
  for (const std::chrono::microseconds spin : {std::chrono::microseconds(0), std::chrono::microseconds(100000)})
    for (const bool generates : {false, true}) {
      const Pool pool({.workers = 2, .priority = Priority::normal, .spin = spin});
      echo.generates = generates;
      echo.allocates = true;
      const auto engine = [&] {
        Echo other = echo;
        other.fails = 7, other.throws = 5, other.sleeps = 6;
        return other;
      };
      Session session(engine(), pool, options(generates ? Miss::hold : Miss::dry, 1));
      session.prepare({block, 48000, true}, {.run_ms = 0.3, .wait = 0.1});
      expect_realtime("on workers", session, generates, [&](int i) {
        if (i % 11 == 0) session.exchange(engine());
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      });
      EXPECT_GT(session.stats().runs, 0u);
    }
}

TEST(RealtimeHost, CatchesAnEngineThatAllocatesInTheCallback) {
  for (const bool multiples : {false, true}) {
    Echo echo;
    echo.multiples = multiples;
    echo.allocates = true;
    Session session(echo, on_audio_thread, {.warm_up = 0});
    session.prepare({block, 48000});
    Stereo in, out;
    const auto callback = [&] { session.process(in.channels.data(), out.channels.data(), hop); };
    if (realtime::violations_are_fatal) {
      GTEST_FLAG_SET(death_test_style, "threadsafe");
      EXPECT_DEATH(realtime::check(callback), "unsafe function");
    } else {
      EXPECT_STREQ(realtime::check(callback), "allocates");
    }
  }
}

}  // namespace

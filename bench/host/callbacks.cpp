// What a callback costs on the audio thread, and whether results come in time: sessions with an engine that copies its
// input, or that is busy for a while first.
//   callbacks [KEY=VALUE...]   see `keys` below. Prints one line of CSV for each hop, and a header with header=1.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "arguments.hpp"
#include "busy.hpp"
#include "distribution.hpp"
#include "inlay/host.hpp"

namespace {

using inlay::bench::Arguments, inlay::bench::Busy, inlay::bench::Distribution;
using inlay::host::Pool, inlay::host::Session;
using Clock = std::chrono::steady_clock;

const std::map<std::string, std::string> keys = {
    {"hop", "64: frames of a job; a list, such as 64,2048, is dealt out to the sessions in turn"},
    {"run_us", "0: how long a job keeps a worker busy, for each hop"},
    {"overload", "1: in the middle third of the callbacks, jobs take this many times as long"},
    {"block", "64: frames of a callback"},
    {"ch", "1: channels"},
    {"sessions", "1: number of sessions; one thread calls all of them in turn"},
    {"n", "20000: callbacks"},
    {"pace", "0: 1 calls in real time, 0 as soon as the workers are done"},
    {"rate", "48000: frames a second, for pace and the planned latency"},
    {"workers", "0: threads of the pool; 0: half of the machine's"},
    {"spin_us", "20: how long a worker looks for work before it sleeps"},
    {"poll_us", "0: above 0, workers look for work so often, and nobody wakes them"},
    {"budget_ms", "0: planned duration of a job; 0: twice run_us, at least a tenth of the hop"},
    {"tail", ": a file to which the distribution of each hop is appended"},
    {"header", "0: 1 prints the names of the columns"}};

struct Measured {
  std::size_t hop;
  Session session;
  std::vector<float> in, out;
  std::vector<std::int32_t> ns;
  std::array<std::uint64_t, 3> misses{};  // at the end of each third
  std::uint64_t missing_frames = 0;
  std::size_t last_missing = 0;  // number of the callback after the last one that lacked a frame
};

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, keys);
  const std::vector<double> hops = arguments.numbers("hop"), runs = arguments.numbers("run_us");
  const std::size_t block = arguments.count("block"), channels = arguments.count("ch"), count = arguments.count("n");
  const bool paced = arguments.number("pace") != 0;
  const double rate = arguments.number("rate");
  const std::size_t workers = arguments.count("workers");
  Pool pool({.workers = workers > 0 ? workers : inlay::host::PoolOptions::automatic,
             .spin = std::chrono::microseconds(arguments.count("spin_us")),
             .poll = std::chrono::microseconds(arguments.count("poll_us"))});

  std::atomic<double> factor{1};
  std::vector<Measured> measured;
  for (std::size_t i = 0; i < arguments.count("sessions"); ++i) {
    const auto hop = static_cast<std::size_t>(hops[i % hops.size()]);
    const double run_us = runs[i % runs.size()];
    double budget_ms = arguments.number("budget_ms");
    if (budget_ms == 0) budget_ms = std::max(2e-3 * run_us, 100.0 * static_cast<double>(hop) / rate);
    const Busy engine{hop, channels, run_us, &factor};
    measured.push_back(
        {hop, Session(engine, pool), std::vector<float>(block * channels), std::vector<float>(block * channels), {}});
    measured.back().session.prepare({.block = static_cast<double>(block), .rate = rate}, {.run_ms = budget_ms});
    measured.back().ns.reserve(count);
  }

  // Above the workers, as a host's audio thread is. They begin as ordinary threads, which this one must not starve.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  if (!inlay::host::detail::set_priority(inlay::host::Priority::real_time))
    std::fprintf(stderr, "callbacks: the audio thread has no real-time priority\n");
  const auto period = std::chrono::duration<double>(static_cast<double>(block) / rate);
  const auto start = Clock::now();
  float value = 0;
  for (std::size_t callback = 0; callback < count; ++callback) {
    if (paced)
      std::this_thread::sleep_until(
          start + std::chrono::duration_cast<Clock::duration>(period * static_cast<double>(callback + 1)));
    const std::size_t third = 3 * callback / count;
    factor.store(third == 1 ? arguments.number("overload") : 1, std::memory_order_relaxed);
    const float first = static_cast<float>(callback % 8192);
    for (Measured& m : measured) {
      std::fill(m.in.begin(), m.in.end(), first + 1);
      const float* in[64];
      float* out[64];
      for (std::size_t c = 0; c < channels; ++c) in[c] = &m.in[c * block], out[c] = &m.out[c * block];
      const auto before = Clock::now();
      m.session.process(in, out, block);
      const auto after = Clock::now();
      if (callback >= count / 10) m.ns.push_back(static_cast<std::int32_t>((after - before).count()));
      value += m.out[0];
      const auto stats = m.session.stats();
      m.misses[third] = stats.misses;
      if (stats.missing_frames > m.missing_frames) m.last_missing = callback + 1;
      m.missing_frames = stats.missing_frames;
    }
    if (paced) continue;
    for (Measured& m : measured) {  // workers finish, as they do in a host between callbacks
      const std::size_t due = (callback + 1) * block / m.hop;
      for (int pause = 0; pause < 200000; ++pause) {
        const auto stats = m.session.stats();
        if (stats.runs + stats.skipped >= due) break;
        inlay::host::detail::pause();
      }
      if (due == callback * block / m.hop) continue;
      // A run is counted before its results are copied.
      const auto copied = Clock::now() + std::chrono::nanoseconds(1000 + 2 * channels * (m.hop + block));
      while (Clock::now() < copied) inlay::host::detail::pause();
    }
  }

  if (arguments.number("header") != 0)
    std::printf(
        "hop,block,channels,sessions,latency,mean,p50,p99,p999,max,ns_per_sample,misses,missing_frames,runs,"
        "misses_before,misses_overload,misses_after,recovery_ms\n");
  for (const double hop : hops) {
    std::vector<std::int32_t> all;
    std::size_t latency = 0, last_missing = 0;
    unsigned long long misses = 0, missing = 0, run_count = 0;
    std::array<unsigned long long, 3> thirds{};
    for (Measured& m : measured) {
      if (m.hop != static_cast<std::size_t>(hop)) continue;
      all.insert(all.end(), m.ns.begin(), m.ns.end());
      latency = m.session.latency();
      const auto stats = m.session.stats();
      misses += stats.misses, missing += stats.missing_frames, run_count += stats.runs;
      thirds[0] += m.misses[0], thirds[1] += m.misses[1] - m.misses[0], thirds[2] += m.misses[2] - m.misses[1];
      last_missing = std::max(last_missing, m.last_missing);
    }
    if (all.empty()) continue;
    const Distribution ns(std::move(all));
    const double median = ns.quantile(0.5);
    // From the end of the overload until the last callback that lacked a frame.
    const std::size_t end = (2 * count + 2) / 3;
    const bool recovers = arguments.number("overload") != 1 && last_missing > end;
    const double recovery_ms = recovers ? 1e3 * static_cast<double>(last_missing - end) * period.count() : 0;
    std::printf("%.0f,%zu,%zu,%zu,%zu,%.0f,%.0f,%.0f,%.0f,%.0f,%.3f,%llu,%llu,%llu,%llu,%llu,%llu,%.1f\n", hop, block,
                channels, measured.size(), latency, ns.mean(), median, ns.quantile(0.99), ns.quantile(0.999),
                ns.longest(), median / static_cast<double>(block * channels), misses, missing, run_count, thirds[0],
                thirds[1], thirds[2], recovery_ms);
    if (const std::string& file = arguments.text("tail"); !file.empty())
      ns.append_tail(file, std::to_string(static_cast<int>(hop)) + "," + std::to_string(block) + "," +
                               std::to_string(measured.size()));
  }
  return value < 0;
}

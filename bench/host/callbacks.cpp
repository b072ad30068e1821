// What a callback costs on the audio thread, and whether results come in time: sessions with an engine that copies its
// input, or that is busy for a while first.
//   callbacks [KEY=VALUE...]   see `keys` below. Prints one line of CSV for each hop, and a header with header=1.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "inlay/host.hpp"

namespace {

using inlay::host::Budget, inlay::host::Job, inlay::host::Pool, inlay::host::Port, inlay::host::Ports,
    inlay::host::Session;
using Clock = std::chrono::steady_clock;

const std::map<std::string, std::string> keys = {
    {"hop", "64: frames of a job; a list, such as 64,2048, is dealt out to the sessions in turn"},
    {"run_us", "0: how long a job keeps a worker busy, for each hop"},
    {"block", "64: frames of a callback"},
    {"ch", "1: channels"},
    {"sessions", "1: number of sessions; one thread calls all of them in turn"},
    {"n", "20000: callbacks"},
    {"pace", "0: 1 calls in real time, 0 as soon as the workers are done"},
    {"rate", "48000: frames a second, for pace and the planned latency"},
    {"workers", "0: threads of the pool; 0: half of the machine's"},
    {"spin_us", "50: how long a worker looks for work before it sleeps"},
    {"budget_ms", "0: planned duration of a job; 0: twice run_us, at least a tenth of the hop"},
    {"header", "0: 1 prints the names of the columns"}};

double number(const std::map<std::string, std::string>& arguments, const std::string& key) {
  const auto found = arguments.find(key);
  return std::atof((found != arguments.end() ? found->second : keys.at(key)).c_str());
}
std::vector<double> list(const std::map<std::string, std::string>& arguments, const std::string& key) {
  std::vector<double> values;
  const auto found = arguments.find(key);
  std::istringstream text(found != arguments.end() ? found->second : keys.at(key).substr(0, keys.at(key).find(':')));
  for (std::string part; std::getline(text, part, ',');) values.push_back(std::atof(part.c_str()));
  return values;
}

struct Busy {
  std::size_t hop, channels;
  std::chrono::nanoseconds duration;
  Ports ports() const { return {{Port::stream(channels, hop)}, {Port::stream(channels, hop)}}; }
  bool run(Job& job) noexcept {
    const auto end = Clock::now() + duration;
    std::memcpy(job.out[0].data(), job.in[0].data(), channels * hop * sizeof(float));
    while (duration.count() > 0 && Clock::now() < end) {
    }
    return true;
  }
  void reset() noexcept {}
};

struct Measured {
  std::size_t hop;
  Session session;
  std::vector<float> in, out;
  std::vector<std::int32_t> ns;
  std::size_t wrong = 0;
};

double quantile(std::vector<std::int32_t>& values, double q) {
  const auto i = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  return values[i];
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos || !keys.contains(argument.substr(0, equals))) {
      std::fprintf(stderr, "usage: callbacks [KEY=VALUE...]; keys and what they are without you:\n");
      for (const auto& [key, text] : keys) std::fprintf(stderr, "  %-10s %s\n", key.c_str(), text.c_str());
      return 2;
    }
    arguments[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  const std::vector<double> hops = list(arguments, "hop"), runs = list(arguments, "run_us");
  const auto block = static_cast<std::size_t>(number(arguments, "block"));
  const auto channels = static_cast<std::size_t>(number(arguments, "ch"));
  const auto count = static_cast<std::size_t>(number(arguments, "n"));
  const bool paced = number(arguments, "pace") != 0;
  const double rate = number(arguments, "rate");
  const auto workers = static_cast<std::size_t>(number(arguments, "workers"));
  Pool pool({.workers = workers > 0 ? workers : inlay::host::PoolOptions::automatic,
             .spin = std::chrono::microseconds(static_cast<long>(number(arguments, "spin_us")))});

  std::vector<Measured> measured;
  for (std::size_t i = 0; i < static_cast<std::size_t>(number(arguments, "sessions")); ++i) {
    const auto hop = static_cast<std::size_t>(hops[i % hops.size()]);
    const double run_us = runs[i % runs.size()];
    double budget_ms = number(arguments, "budget_ms");
    if (budget_ms == 0) budget_ms = std::max(2e-3 * run_us, 100.0 * static_cast<double>(hop) / rate);
    Busy engine{hop, channels, std::chrono::nanoseconds(static_cast<long>(1000 * run_us))};
    measured.push_back(
        {hop, Session(engine, pool), std::vector<float>(block * channels), std::vector<float>(block * channels), {}});
    measured.back().session.prepare({.block = static_cast<double>(block), .rate = rate}, {.run_ms = budget_ms});
    measured.back().ns.reserve(count);
  }

  // Above the workers, as a host's audio thread is.
  if (!inlay::host::detail::set_priority(inlay::host::Priority::real_time))
    std::fprintf(stderr, "callbacks: the audio thread has no real-time priority\n");
  const auto period = std::chrono::duration<double>(static_cast<double>(block) / rate);
  const auto start = Clock::now();
  float value = 0;
  for (std::size_t callback = 0; callback < count; ++callback) {
    if (paced)
      std::this_thread::sleep_until(
          start + std::chrono::duration_cast<Clock::duration>(period * static_cast<double>(callback + 1)));
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
    }
    if (!paced)  // workers finish, as they do in a host between callbacks
      for (Measured& m : measured)
        for (int pause = 0; pause < 200000; ++pause) {
          const auto stats = m.session.stats();
          if (stats.runs + stats.skipped >= (callback + 1) * block / m.hop) break;
          inlay::host::detail::pause();
        }
  }

  if (number(arguments, "header") != 0)
    std::printf("hop,block,channels,sessions,latency,mean,p50,p99,p999,max,ns_per_sample,misses,missing_frames,runs\n");
  for (const double hop : hops) {
    std::vector<std::int32_t> all;
    std::size_t latency = 0, sessions = 0;
    unsigned long long misses = 0, missing = 0, run_count = 0;
    for (Measured& m : measured) {
      if (m.hop != static_cast<std::size_t>(hop)) continue;
      all.insert(all.end(), m.ns.begin(), m.ns.end());
      latency = m.session.latency();
      const auto stats = m.session.stats();
      misses += stats.misses, missing += stats.missing_frames, run_count += stats.runs, ++sessions;
    }
    if (all.empty()) continue;
    std::sort(all.begin(), all.end());
    double sum = 0;
    for (const std::int32_t ns : all) sum += ns;
    const double median = quantile(all, 0.5);
    std::printf("%.0f,%zu,%zu,%zu,%zu,%.0f,%.0f,%.0f,%.0f,%d,%.3f,%llu,%llu,%llu\n", hop, block, channels, sessions,
                latency, sum / static_cast<double>(all.size()), median, quantile(all, 0.99), quantile(all, 0.999),
                all.back(), median / static_cast<double>(block * channels), misses, missing, run_count);
  }
  return value < 0;
}

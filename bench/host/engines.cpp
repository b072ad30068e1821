// How long it takes from the start of a callback until its result is there: engines, networks and blocks of the anira
// paper (Ackva & Schulz, IS2 2024).
//   engines files=FOLDER [KEY=VALUE...]   see `keys` below. Prints CSV with one line for each measured callback.
//
// A session on other threads is planned for runs that take no time, and waits for them without a limit. So it gives the
// result in the same callback as one in the callback does. A callback in which no run is due is called, but not
// printed.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "engines.hpp"

namespace {

using namespace inlay::bench;
namespace host = inlay::host;
using Clock = std::chrono::steady_clock;

const std::map<std::string, std::string> keys = {
    {"files", ": the folder of networks.py and export.py"},
    {"engines", ": those that are timed, such as inlay-callback,libtorch; none: all"},
    {"models", ": CNN-29k and others; none: all"},
    {"blocks", "64,128,256,512,1024,2048,4096,8192: frames of a callback"},
    {"hops", "2048,0: frames of a run; 0: as many as a callback"},
    {"repetitions", "10: of each condition, each with a network that is loaded anew"},
    {"callbacks", "50: measured in each of them"},
    {"limit_s", "2: a repetition ends after this time, if it has a fifth of its callbacks"},
    {"warm_up", "2: runs before the first callback"},
    {"seed", "1: of the order"}};

struct Condition {
  const HostEngine* engine;
  std::string model;
  std::size_t hop, block;
};

std::string describe(const Condition& c) {
  return c.engine->name + ", " + c.model + ", hop " + std::to_string(c.hop) + ", block " + std::to_string(c.block);
}

class Run {
 public:
  explicit Run(const Arguments& arguments) : arguments_(arguments), signal_(noise(1 << 16)), pool_({.workers = 1}) {
    std::sort(host_engines().begin(), host_engines().end(),
              [](const HostEngine& a, const HostEngine& b) { return a.order < b.order; });
  }

  /// Returns how many conditions do not work.
  int all() {
    std::vector<Condition> conditions = verified(selected());
    std::vector<std::pair<const Condition*, std::size_t>> order;
    for (std::size_t r = 0; r < arguments_.count("repetitions"); ++r)
      for (const Condition& condition : conditions) order.emplace_back(&condition, r);
    // As a host's audio thread: a worker that looks for work on the same processor must not keep it from running.
    if (!host::detail::set_priority(host::Priority::real_time))
      std::fprintf(stderr, "engines: the calling thread has no real-time priority\n");
    std::shuffle(order.begin(), order.end(), std::mt19937(static_cast<unsigned>(arguments_.number("seed"))));

    std::printf("engine,model,hop,block,repetition,place,callback,runs,ns\n");
    for (std::size_t place = 0; place < order.size(); ++place) {
      const auto& [condition, repetition] = order[place];
      if (place % 50 == 0) std::fprintf(stderr, "\r%zu of %zu", place, order.size());
      time(*condition, repetition, place);
    }
    std::fprintf(stderr, "\r%-30s\r", "");
    return failed_;
  }

 private:
  static bool is_chosen(const std::vector<std::string>& chosen, const std::string& name) {
    return chosen.empty() || std::find(chosen.begin(), chosen.end(), name) != chosen.end();
  }

  std::vector<Condition> selected() const {
    std::vector<Condition> conditions;
    for (const HostEngine& engine : host_engines())
      for (const std::string& model : host_models) {
        if (!is_chosen(arguments_.texts("engines"), engine.name) || !is_chosen(arguments_.texts("models"), model))
          continue;
        if (engine.name == "bypass" && model != host_models.front()) continue;
        std::set<std::pair<std::size_t, std::size_t>> sizes;  // a hop of 2048 in blocks of 2048 is both kinds
        for (const double hop : arguments_.numbers("hops"))
          for (const double block : arguments_.numbers("blocks"))
            if (const auto size =
                    std::pair(static_cast<std::size_t>(hop > 0 ? hop : block), static_cast<std::size_t>(block));
                sizes.insert(size).second)
              conditions.push_back({&engine, model, size.first, size.second});
      }
    return conditions;
  }

  host::Session prepared(const Condition& condition, std::size_t hop, std::size_t block) const {
    auto session = condition.engine->make(
        {arguments_.text("files"), condition.model, hop, block, pool_, arguments_.count("warm_up")});
    if (!session) throw std::out_of_range("is not there");
    session->prepare({.block = static_cast<double>(block), .rate = 1}, {.run_ms = 0, .wait = 1});  // a frame takes 1 s
    return std::move(*session);
  }

  // --- verification -----------------------------------------------------------------------------------

  /// Those whose output is that of a ModelT. Engines do not depend on the block, so each hop is verified once.
  std::vector<Condition> verified(const std::vector<Condition>& conditions) {
    std::map<std::tuple<std::string, std::string, std::size_t>, std::string> results;
    std::vector<Condition> good;
    for (const Condition& condition : conditions) {
      const auto [result, is_new] = results.try_emplace({condition.engine->name, condition.model, condition.hop});
      if (is_new) {
        try {
          if (const double error = error_of(condition); !(error <= 1e-5))
            result->second = "wrong output: an error of " + std::to_string(error) + " of the peak";
        } catch (const std::out_of_range&) {
          result->second = "-";
        } catch (const std::exception& error) {
          result->second = error.what();
        }
        if (result->second.size() > 1) {
          std::fprintf(stderr, "\r%s: %s\n", describe(condition).c_str(), result->second.c_str());
          ++failed_;
        }
      }
      if (result->second.empty()) good.push_back(condition);
    }
    return good;
  }

  /// The largest difference from a ModelT, relative to its peak.
  double error_of(const Condition& condition) {
    const std::size_t frames = std::max<std::size_t>(4 * condition.hop, 1024);
    host::Session session = prepared(condition, condition.hop, condition.hop);
    const std::vector<float> output = play(session, condition.hop, 0, frames);
    if (condition.engine->name == "bypass") return output == input(0, frames) ? 0 : 1;
    // An engine that sees zeros before the start has the state of a model that has heard zeros.
    const bool hears_zeros = condition.engine->windows && condition.model != "RNN-2k";
    auto& expected = expected_[{condition.model, hears_zeros}];
    if (expected.size() < frames) {
      const HostEngine& types = host_engines().front();
      const std::size_t longest = 4 * 8192, zeros = hears_zeros ? 16384 : 0, all = std::max(longest, frames);
      host::Session model = prepared({&types, condition.model, 0, 0}, 512, 512);
      expected = play(model, 512, zeros, all);
      expected.erase(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(zeros));
    }
    double worst = 0, peak = 0;
    for (std::size_t f = 0; f < frames; ++f) {
      const double difference = std::abs(static_cast<double>(output[f]) - static_cast<double>(expected[f]));
      if (!(difference <= worst)) worst = std::isnan(difference) ? 1e9 : difference;
      peak = std::max(peak, std::abs(static_cast<double>(expected[f])));
    }
    return worst / peak;
  }

  std::vector<float> input(std::size_t zeros, std::size_t frames) const {
    std::vector<float> in(zeros);
    for (std::size_t f = 0; f < frames; ++f) in.push_back(signal_[f % signal_.size()]);
    return in;
  }

  /// The output for zeros and then the signal. A session whose block is its hop has no latency.
  std::vector<float> play(host::Session& session, std::size_t block, std::size_t zeros, std::size_t frames) const {
    std::vector<float> in = input(zeros, frames);
    in.resize((in.size() + block - 1) / block * block);
    std::vector<float> out(in.size());
    for (std::size_t f = 0; f < in.size(); f += block) session.process({&in[f], block}, {&out[f], block});
    if (session.latency() != 0) throw std::logic_error("a latency where there should be none");
    expect_all(session);
    out.resize(zeros + frames);
    return out;
  }
  static void expect_all(const host::Session& session) {
    const host::Stats stats = session.stats();
    if (stats.misses + stats.failures + stats.skipped > 0)
      throw std::runtime_error(std::to_string(stats.misses) + " misses, " + std::to_string(stats.failures) +
                               " failures, " + std::to_string(stats.skipped) + " skipped jobs");
  }

  // --- time -------------------------------------------------------------------------------------------

  void time(const Condition& condition, std::size_t repetition, std::size_t place) {
    const std::size_t hop = condition.hop, block = condition.block, count = arguments_.count("callbacks");
    host::Session session = prepared(condition, hop, block);
    std::vector<float> out(block);
    std::vector<std::pair<std::size_t, std::int64_t>> times;  // runs, ns
    times.reserve(count);
    std::size_t frames = 0;
    const auto end = Clock::now() + std::chrono::duration<double>(arguments_.number("limit_s"));
    while (times.size() < count && (times.size() < count / 5 || Clock::now() < end)) {
      const std::size_t runs = (frames + block) / hop - frames / hop;
      const float* const in = &signal_[frames % (signal_.size() - block + 1)];
      const auto start = Clock::now();
      session.process({in, block}, out);
      const auto stop = Clock::now();
      if (runs > 0)
        times.emplace_back(runs, std::chrono::duration_cast<std::chrono::nanoseconds>(stop - start).count());
      frames += block;
    }
    expect_all(session);
    for (std::size_t i = 0; i < times.size(); ++i)
      std::printf("%s,%s,%zu,%zu,%zu,%zu,%zu,%zu,%lld\n", condition.engine->name.c_str(), condition.model.c_str(), hop,
                  block, repetition, place, i, times[i].first, static_cast<long long>(times[i].second));
  }

  const Arguments& arguments_;
  std::vector<float> signal_;
  host::Pool pool_;
  std::map<std::pair<std::string, bool>, std::vector<float>> expected_;
  int failed_ = 0;
};

}  // namespace

int main(int argc, char** argv) try {
  const Arguments arguments(argc, argv, keys);
  if (Run(arguments).all() == 0) return 0;
  std::fprintf(stderr, "engines: something does not work, see above\n");
  return 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "engines: %s\n", error.what());
  return 1;
}

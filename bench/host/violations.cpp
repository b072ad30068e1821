// What engines do that may block: calls that RealtimeSanitizer intercepts, in a run of the engine and in a callback of
// the session that uses it. As in figure 5 of the anira paper.
//   violations files=FOLDER [KEY=VALUE...]   see `keys` below. Prints CSV: calls per run, by kind.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "arguments.hpp"
#include "engines.hpp"

namespace {

using namespace inlay::bench;
namespace host = inlay::host;

const std::map<std::string, std::string> keys = {
    {"files", ": the folder of networks.py and export.py"},
    {"hops", "64,2048: frames of a run"},
    {"warm_up", "2: runs before the first one; those of the table `first` are counted without"},
    {"runs", "100: of which the first ones are counted apart"},
    {"names", "0: 1 lists the functions that are called, on stderr"}};

enum Kind { allocations, frees, locks, others, kinds };
struct Counts {
  std::array<std::size_t, kinds> of{};
  std::map<std::string_view, std::size_t> names{};
};

// Plain data: functions that count it may be called before `main`, and by functions that allocate.
struct Intercepted {
  const char* name;
  std::size_t calls;
};
thread_local bool counting = false;
std::array<Intercepted, 64> intercepted{};

void count(const char* name) noexcept {
  for (Intercepted& one : intercepted) {
    if (one.name == nullptr) one.name = name;
    if (std::strcmp(one.name, name) != 0) continue;
    ++one.calls;
    return;
  }
}

Kind kind_of(std::string_view name) {
  if (name == "free") return frees;
  if (name.find("alloc") != name.npos || name == "posix_memalign" || name == "memalign") return allocations;
  return name.starts_with("pthread_") && name != "pthread_create" && name != "pthread_join" ? locks : others;
}

template <class F>
void counted(Counts& counts, F&& function) {
  for (Intercepted& one : intercepted) one.calls = 0;
  counting = true;
  function();
  counting = false;
  for (const Intercepted& one : intercepted) {
    if (one.name == nullptr || one.calls == 0) continue;
    counts.of[kind_of(one.name)] += one.calls;
    counts.names[one.name] += one.calls;
  }
}

}  // namespace

/// Every interceptor of the sanitizer calls this; the sanitizer's own function would end the process.
extern "C" void __wrap__ZN7__rtsan7Context17ExpectNotRealtimeEPKc(void*, const char* name) {
  if (counting) count(name);
}

namespace {

void print(const char* engine, const std::string& model, std::size_t hop, const char* where, const Counts& counts,
           std::size_t runs, bool names) {
  std::printf("%s,%s,%zu,%s,%zu", engine, model.c_str(), hop, where, runs);
  for (const std::size_t calls : counts.of)
    std::printf(",%.6g", static_cast<double>(calls) / static_cast<double>(runs));
  std::printf("\n");
  for (const auto& [name, calls] : counts.names)
    if (names)
      std::fprintf(stderr, "%s, %s, hop %zu, %s: %s %zu\n", engine, model.c_str(), hop, where, name.data(), calls);
}

/// `callback`: the audio side. `run`: the engine, on a pool without threads; in the callback both are one.
void measure(const HostEngine& engine, const Arguments& arguments, const std::string& model, std::size_t hop) {
  const std::size_t runs = arguments.count("runs"), warm_up = arguments.count("warm_up");
  const std::vector<float> signal = noise(hop);
  std::vector<float> out(hop);
  for (const bool threads : {true, false}) {
    host::Pool pool({.workers = threads ? std::size_t{1} : std::size_t{0}});
    auto session = engine.make({arguments.text("files"), model, hop, hop, pool, warm_up});
    if (!session) return;
    // Runs take at most a hop; only the number of calls matters.
    session->prepare({.block = static_cast<double>(hop), .rate = 48000},
                     {.run_ms = 999.0 * static_cast<double>(hop) / 48000});
    const auto callback = [&] { session->process(signal, out); };
    Counts first, later;
    for (std::size_t i = 0; i < runs; ++i) {
      Counts& counts = i == 0 ? first : later;
      if (threads) {
        counted(counts, callback);
        // With all results there and the worker asleep, the next callback has to wake it: the worst case.
        while (session->stats().runs + session->stats().skipped < i + 1) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      } else {
        callback();
        counted(counts, [&] { pool.run_one(); });
      }
    }
    const char* const name = engine.name.c_str();
    const bool names = arguments.number("names") != 0;
    print(name, model, hop, threads ? "callback first" : "run first", first, 1, names);
    print(name, model, hop, threads ? "callback" : "run", later, runs - 1, names);
    if (engine.name == "inlay-callback") return;  // has no pool
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const Arguments arguments(argc, argv, keys);
  Counts proof;
  counted(proof, [] { delete new volatile int(1); });
  if (proof.of[allocations] != 1 || proof.of[frees] != 1) throw std::runtime_error("nothing is intercepted");
  std::sort(host_engines().begin(), host_engines().end(),
            [](const HostEngine& a, const HostEngine& b) { return a.order < b.order; });
  std::printf("engine,model,hop,where,runs,allocations,frees,locks,others\n");
  for (const HostEngine& engine : host_engines())
    for (const std::string& model : host_models)
      for (const double hop : arguments.numbers("hops"))
        if (engine.name != "bypass" || model == host_models.front())
          measure(engine, arguments, model, static_cast<std::size_t>(hop));
} catch (const std::exception& error) {
  std::fprintf(stderr, "violations: %s\n", error.what());
  return 1;
}

/// Times every layer on every backend, one frame at a time and in blocks. See ../README.md.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../subjects/player.hpp"
#include "file.hpp"
#include "reference.hpp"
#include "suite.hpp"
#include "table.hpp"

inlay::bench::Suite& inlay::bench::suite() {
  static Suite suite;
  return suite;
}

namespace {

using namespace inlay::bench;

/// A network that several benchmarks run, made when the first of them does.
class Made {
 public:
  explicit Made(Case c) : case_(std::move(c)) {}
  const Case& what() const { return case_; }

  /// Throws what says why not, each time.
  Subject& subject() {
    if (!problem_.empty()) throw std::runtime_error(problem_);
    if (!subject_) try {
        subject_ = case_.make();
      } catch (const std::exception& error) {
        problem_ = error.what();
        throw std::runtime_error(problem_);
      }
    return *subject_;
  }

 private:
  Case case_;
  std::unique_ptr<Subject> subject_;
  std::string problem_;
};

/// One case with one shape of work: `block` frames to a call of process, or 1 for forward.
class Benchmark {
 public:
  Benchmark(std::shared_ptr<Made> made, std::size_t block) : made_(std::move(made)), block_(block) {}

  std::string name() const {
    const Case& what = made_->what();
    const std::string work = block_ == 1 ? "frame" : std::to_string(block_);
    return what.name.layer + '/' + std::to_string(what.name.size) + '/' + what.subject + '/' + work;
  }

  void operator()(benchmark::State& state) try {
    Subject& subject = made_->subject();
    const Chain chain = suite().chains.at(made_->what().name)();
    if (!error_) error_ = check(subject, chain);
    if (!(*error_ <= tolerance)) {
      char message[128];
      std::snprintf(message, sizeof message, "%s: error of %.2g of the peak", name().c_str(), *error_);
      failures.insert(message);
      return state.SkipWithError(message);
    }
    const std::size_t frames = block_ == 1 ? 64 : block_;
    subject.start(test_signal(channels_of(chain), frames), block_);
    for (auto _ : state) {
      subject.run(0, frames / block_);
      benchmark::ClobberMemory();
    }
    using benchmark::Counter;
    const double samples = double(state.iterations()) * double(frames), macs = samples * double(subject.macs);
    state.counters["ns"] = Counter(1e-9 * samples, Counter::kIsRate | Counter::kInvert);
    state.counters["realtime"] = Counter(samples / sample_rate, Counter::kIsRate);
    if (macs > 0) {
      state.counters["GMAC/s"] = Counter(1e-9 * macs, Counter::kIsRate);
      state.counters["peak_share"] = Counter(macs / fma_peak, Counter::kIsRate);
    }
  } catch (const std::exception& error) {  // of another library, or a network that the run-time model does not have
    state.SkipWithError(error.what());
  }

  static inline double fma_peak = 0;  ///< multiply-adds a second
  static inline std::set<std::string> failures;

 private:
  double check(Subject& subject, const Chain& chain) const {
    constexpr std::size_t frames = 600;  // more than a block of 512, and no multiple of any block
    const Frames in = test_signal(channels_of(chain), frames);
    return error_of(subject, in, reference(chain, in), block_);
  }

  std::shared_ptr<Made> made_;
  std::size_t block_;
  std::optional<double> error_;
};

std::string file_name(const Name& name) { return name.layer + '-' + std::to_string(name.size); }

/// What runs any network runs all of them, once they are in files.
void add_players(const std::filesystem::path& files, bool only_ours) {
  for (const Name& name : suite().names)
    for (const Player& player : players())
      if (player.is_ours() || !only_ours)
        suite().cases.push_back(
            {name, player.name, [&player, base = files / file_name(name)] { return player.make(base); }});
}

/// In the order network, shape of work: what runs the same follows one another, so that it meets the machine in the
/// same mood.
void register_all() {
  std::vector<std::shared_ptr<Made>> all;
  for (const Case& c : suite().cases) all.push_back(std::make_shared<Made>(c));
  for (const Name& name : suite().names)
    for (const std::size_t block : {1, 16, 64, 512})
      for (const auto& made : all)
        if (made->what().name == name) {
          const Benchmark work(made, block);
          benchmark::RegisterBenchmark(work.name().c_str(), work);
        }
}

/// For what runs files.
void write_files(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const auto& [name, chain] : suite().chains)
    std::ofstream(folder / (file_name(name) + ".json")) << file_of(chain());
}

/// The rest of an argument that starts with `option`.
std::optional<std::string> value_of(std::string_view argument, std::string_view option) {
  if (!argument.starts_with(option)) return {};
  return std::string(argument.substr(option.size()));
}

}  // namespace

int main(int argc, char** argv) {
  // Defaults that later arguments override.
  char min_time[] = "--benchmark_min_time=0.02", repetitions[] = "--benchmark_repetitions=3";
  std::vector<char*> arguments{argv[0], min_time, repetitions};
  std::optional<std::string> files;
  bool google_format = false, only_ours = false;
  for (char* argument : std::vector<char*>(argv + 1, argv + argc)) {
    if (const auto folder = value_of(argument, "--write=")) return write_files(*folder), 0;
    if (const auto folder = value_of(argument, "--files=")) files = *folder;
    else if (std::strcmp(argument, "--only-ours") == 0) only_ours = true;
    else arguments.push_back(argument);
    google_format = google_format || std::strstr(argument, "--benchmark_format") != nullptr;
  }
  if (files) add_players(*files, only_ours);
  register_all();
  int count = int(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;

  Benchmark::fma_peak = suite().fma_peak();
  const std::string peak = std::to_string(1e-9 * Benchmark::fma_peak);
  benchmark::AddCustomContext("fma_peak_gmac_per_s", peak);
  if (google_format) {
    benchmark::RunSpecifiedBenchmarks();
  } else {
    std::printf("FMA peak of one core: %s GMAC/s, registers of %zu lanes\n", peak.c_str(), suite().width);
    Table table;
    benchmark::RunSpecifiedBenchmarks(&table);
  }
  benchmark::Shutdown();
  for (const std::string& failure : Benchmark::failures) std::fprintf(stderr, "wrong output: %s\n", failure.c_str());
  return Benchmark::failures.empty() ? 0 : 1;
}

/// Benchmark: a case of a suite for Google Benchmark. The output is verified before it is timed.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "suite.hpp"
#include "table.hpp"

namespace inlay::bench {

/// A network that several benchmarks share. It is created at the first use.
class SharedSubject {
 public:
  explicit SharedSubject(Case c) : case_(std::move(c)) {}
  const Case& benchmark_case() const { return case_; }

  /// Returns the network. Throws std::runtime_error if it cannot be made, at every call.
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

/// A signal, the expected output, and the tolerance relative to the peak.
struct Proof {
  Frames in, expected;
  double tolerance;
};
/// Number of frames of the signal: more than a block of 512, and not a multiple of any block.
inline constexpr std::size_t proof_frames = 600;

/// A case with a block size: `block` frames per call of `process`; 1 calls `forward`.
class Benchmark {
 public:
  using Prove = std::function<Proof(const Case&)>;

  Benchmark(std::shared_ptr<SharedSubject> shared, std::size_t block, Prove prove)
      : shared_(std::move(shared)), block_(block), prove_(std::move(prove)) {}

  std::string name() const {
    const Case& what = shared_->benchmark_case();
    const std::string work = block_ == 1 ? "frame" : std::to_string(block_);
    return what.name.layer + '/' + std::to_string(what.name.size) + '/' + what.subject + '/' + work;
  }
  void add() const { benchmark::RegisterBenchmark(name().c_str(), *this); }

  void operator()(benchmark::State& state) try {
    Subject& subject = shared_->subject();
    const std::size_t frames = block_ == 1 ? 64 : block_;
    if (signal_.empty()) {
      Proof proof = prove_(shared_->benchmark_case());
      error_ = error_of(subject, proof.in, proof.expected, block_);
      right_ = error_ <= proof.tolerance;
      signal_ = std::move(proof.in);
      signal_.resize(frames);
    }
    if (!right_) {
      char message[128];
      std::snprintf(message, sizeof message, "%s: error of %.2g of the peak", name().c_str(), error_);
      failures.insert(message);
      return state.SkipWithError(message);
    }
    subject.start(signal_, block_);
    for (auto _ : state) {
      subject.run(0, frames / block_);
      benchmark::ClobberMemory();
    }
    using benchmark::Counter;
    const double samples = double(state.iterations()) * double(frames), macs = samples * double(subject.macs);
    state.counters["ns"] = Counter(1e-9 * samples, Counter::kIsRate | Counter::kInvert);
    state.counters["realtime"] = Counter(samples / sample_rate, Counter::kIsRate);
    if (macs > 0) state.counters["GMAC/s"] = Counter(1e-9 * macs, Counter::kIsRate);
    if (macs > 0 && fma_peak > 0) state.counters["peak_share"] = Counter(macs / fma_peak, Counter::kIsRate);
  } catch (
      const std::exception& error) {  // error of another library, or a layer that the run-time model does not support
    state.SkipWithError(error.what());
  }

  static inline double fma_peak = 0;  ///< multiply-adds per second; 0 if unknown
  static inline std::set<std::string> failures;

 private:
  std::shared_ptr<SharedSubject> shared_;
  std::size_t block_;
  Prove prove_;
  Frames signal_;
  double error_ = 0;
  bool right_ = false;
};

/// Google Benchmark with default arguments, arguments of the command line, and a table reporter.
class Program {
 public:
  explicit Program(std::vector<std::string> defaults) : arguments_(std::move(defaults)) {}
  /// Adds an argument. Later arguments override earlier ones.
  void add(const char* argument) { arguments_.emplace_back(argument); }

  /// Parses the arguments. Returns false if one is unknown.
  bool start() {
    std::vector<char*> pointers;
    for (std::string& argument : arguments_) pointers.push_back(argument.data());
    int count = int(pointers.size());
    benchmark::Initialize(&count, pointers.data());
    return !benchmark::ReportUnrecognizedArguments(count, pointers.data());
  }
  /// Returns whether Google Benchmark's own output format is requested.
  bool own_format() const {
    for (const std::string& argument : arguments_)
      if (argument.starts_with("--benchmark_format")) return true;
    return false;
  }
  /// Runs the registered benchmarks. Returns the exit status: 1 if an output was wrong.
  int run(Table& table) {
    if (own_format()) benchmark::RunSpecifiedBenchmarks();
    else benchmark::RunSpecifiedBenchmarks(&table);
    benchmark::Shutdown();
    for (const std::string& failure : Benchmark::failures) std::fprintf(stderr, "wrong output: %s\n", failure.c_str());
    return Benchmark::failures.empty() ? 0 : 1;
  }

 private:
  std::vector<std::string> arguments_;
};

}  // namespace inlay::bench

/// Times every layer on every backend, one frame at a time and in blocks. See ../README.md.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>
#include <numbers>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "inlay/core/extent.hpp"
#include "suite.hpp"
#include "table.hpp"

namespace {

using namespace inlay::bench;

constexpr double sample_rate = 48000;
constexpr double tolerance = std::is_same_v<Scalar, float> ? 1e-5 : 1e-12;  // of the peak

/// Two sines and noise, a chord of its own for each channel, within [-3, 3].
Frames test_signal(std::size_t channels, std::size_t frames) {
  Random random;
  Frames signal(frames, std::vector<double>(channels));
  for (std::size_t t = 0; t < frames; ++t)
    for (std::size_t c = 0; c < channels; ++c) {
      const double phase = 2 * std::numbers::pi * 110 * double(t) / sample_rate * (1 + 0.37 * double(c));
      signal[t][c] = 1.6 * std::sin(phase) + std::sin(5.01 * phase + double(c)) + 0.4 * random();
    }
  return signal;
}

/// Values that start with a cache line, so that no case is lucky or unlucky in where it was put.
class Buffer {
 public:
  explicit Buffer(std::size_t size) : lines_((size + line_size - 1) / line_size) {}
  Scalar* data() { return lines_[0].values; }

 private:
  static constexpr std::size_t line_size = inlay::alignment / sizeof(Scalar);
  struct alignas(inlay::alignment) Line {
    Scalar values[line_size]{};
  };
  std::vector<Line> lines_;
};

/// Channels as `Subject::process` reads and writes them, with a spare cache line between them: a power of
/// two from one channel to the next would put all of them into the same cache sets.
class Planar {
 public:
  Planar(std::size_t channels, std::size_t frames)
      : stride_(frames + inlay::alignment / sizeof(Scalar)), data_(channels * stride_), pointers_(channels) {}
  explicit Planar(const Frames& signal) : Planar(signal[0].size(), signal.size()) {
    for (std::size_t t = 0; t < signal.size(); ++t)
      for (std::size_t c = 0; c < pointers_.size(); ++c) at(c, t) = Scalar(signal[t][c]);
  }
  Scalar* const* from(std::size_t frame) {
    for (std::size_t c = 0; c < pointers_.size(); ++c) pointers_[c] = &at(c, frame);
    return pointers_.data();
  }
  Scalar& at(std::size_t channel, std::size_t frame) { return data_.data()[channel * stride_ + frame]; }

 private:
  std::size_t stride_;
  Buffer data_;
  std::vector<Scalar*> pointers_;
};

/// Frame behind frame, as `Subject::forward` reads them.
Buffer interleaved(const Frames& signal) {
  Buffer data(signal.size() * signal[0].size());
  Scalar* to = data.data();
  for (const auto& frame : signal)
    for (double value : frame) *to++ = Scalar(value);
  return data;
}

/// One case with one shape of work: `block` frames to a call of process, or 1 for forward.
class Benchmark {
 public:
  Benchmark(const Case& c, std::size_t block) : case_(c), block_(block) {}

  std::string name() const {
    const std::string work = block_ == 1 ? "frame" : std::to_string(block_);
    return std::string(case_.layer) + '/' + std::to_string(case_.size) + '/' + std::string(case_.backend) + '/' + work;
  }

  void operator()(benchmark::State& state) {
    if (!error_) error_ = error(*case_.make());
    if (!(*error_ <= tolerance)) {
      char message[128];
      std::snprintf(message, sizeof message, "%s: error of %.2g of the peak", name().c_str(), *error_);
      failures.insert(message);
      return state.SkipWithError(message);
    }
    const auto subject = case_.make();
    const std::size_t frames = block_ == 1 ? 64 : block_;
    const Frames signal = test_signal(subject->in_size, frames);
    if (block_ == 1) {
      Buffer in = interleaved(signal), out(subject->out_size);
      for (auto _ : state) {
        subject->forward(in.data(), out.data(), 0, frames);
        benchmark::ClobberMemory();
      }
    } else {
      Planar in(signal), out(subject->out_size, frames);
      const auto* x = in.from(0);
      const auto* y = out.from(0);
      for (auto _ : state) {
        subject->process(x, y, frames);
        benchmark::ClobberMemory();
      }
    }
    using benchmark::Counter;
    const double samples = double(state.iterations()) * double(frames), macs = samples * double(subject->macs);
    state.counters["ns"] = Counter(1e-9 * samples, Counter::kIsRate | Counter::kInvert);
    state.counters["realtime"] = Counter(samples / sample_rate, Counter::kIsRate);
    if (macs > 0) {
      state.counters["GMAC/s"] = Counter(1e-9 * macs, Counter::kIsRate);
      state.counters["peak_share"] = Counter(macs / fma_peak, Counter::kIsRate);
    }
  }

  static inline double fma_peak = 0;  ///< multiply-adds a second
  static inline std::set<std::string> failures;

 private:
  /// The largest difference from the reference, as a share of the reference's peak.
  double error(Subject& subject) const {
    constexpr std::size_t frames = 600;  // more than a block of 512, and no multiple of any block
    const Frames in = test_signal(subject.in_size, frames);
    Planar out(subject.out_size, frames);
    if (block_ == 1) {
      Buffer y(subject.out_size * frames);
      subject.forward(interleaved(in).data(), y.data(), subject.out_size, frames);
      for (std::size_t t = 0; t < frames; ++t)
        for (std::size_t c = 0; c < subject.out_size; ++c) out.at(c, t) = y.data()[t * subject.out_size + c];
    } else {
      Planar x(in);
      for (std::size_t t = 0; t < frames; t += block_)
        subject.process(x.from(t), out.from(t), std::min(block_, frames - t));
    }
    // The reference sees the input as the layer does, rounded to its scalar.
    Frames rounded = in;
    for (auto& frame : rounded)
      for (double& value : frame) value = double(Scalar(value));
    const Frames expected = reference(subject.description, rounded);
    double worst = 0, peak = 0;
    for (std::size_t t = 0; t < frames; ++t)
      for (std::size_t c = 0; c < subject.out_size; ++c) {
        const double difference = std::abs(double(out.at(c, t)) - expected[t][c]);
        worst = std::isnan(difference) ? std::numeric_limits<double>::infinity() : std::max(worst, difference);
        peak = std::max(peak, std::abs(expected[t][c]));
      }
    return worst / peak;
  }

  Case case_;
  std::size_t block_;
  std::optional<double> error_;
};

/// In the order layer, size, shape of work: the backends of each follow one another, so that they meet the
/// machine in the same mood.
void register_all(const Suite& suite) {
  constexpr std::size_t blocks[] = {1, 64, 512};
  std::vector<std::string_view> layers;
  using Order = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>;
  std::map<Order, Benchmark> all;
  for (const Case& c : suite.cases) {
    const auto known = std::find(layers.begin(), layers.end(), c.layer);
    const auto layer = std::size_t(known - layers.begin());
    if (known == layers.end()) layers.push_back(c.layer);
    for (const std::size_t block : blocks) all.emplace(Order(layer, c.size, block, all.size()), Benchmark(c, block));
  }
  for (const auto& [order, work] : all) benchmark::RegisterBenchmark(work.name().c_str(), work);
}

}  // namespace

int main(int argc, char** argv) {
  Suite suite;
  add_xsimd(suite);
  add_eigen(suite);
  add_stl(suite);
  add_loop(suite);
  register_all(suite);

  // Defaults that later arguments override.
  char min_time[] = "--benchmark_min_time=0.02", repetitions[] = "--benchmark_repetitions=3";
  std::vector<char*> arguments{argv[0], min_time, repetitions};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  const auto names_format = [](const char* argument) { return std::strstr(argument, "--benchmark_format") != nullptr; };
  const bool google_format = std::any_of(argv + 1, argv + argc, names_format);
  int count = int(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;

  Benchmark::fma_peak = suite.fma_peak();
  const std::string peak = std::to_string(1e-9 * Benchmark::fma_peak);
  benchmark::AddCustomContext("fma_peak_gmac_per_s", peak);
  if (google_format) {
    benchmark::RunSpecifiedBenchmarks();
  } else {
    std::printf("FMA peak of one core: %s GMAC/s, registers of %zu lanes\n", peak.c_str(), suite.width);
    Table table;
    benchmark::RunSpecifiedBenchmarks(&table);
  }
  benchmark::Shutdown();
  for (const std::string& failure : Benchmark::failures) std::fprintf(stderr, "wrong output: %s\n", failure.c_str());
  return Benchmark::failures.empty() ? 0 : 1;
}

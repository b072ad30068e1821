// The cost of a combinator: Residual<Dense> compared with Dense and a loop that adds the input, and with plain loops.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "inlay/engine.hpp"

namespace {

using namespace inlay;

constexpr std::size_t frames = 512, block = 64;

/// Planar buffers of `frames` frames, with a cache line between channels so that they use different cache sets.
template <std::size_t N>
struct Signal {
  Signal() : values(N * stride) {
    for (std::size_t c = 0; c < N; ++c) channels[c] = values.data() + c * stride;
  }
  static constexpr std::size_t stride = frames + 16;
  std::vector<float> values;
  float* channels[N];
};

template <std::size_t N>
struct Weights {
  float kernel[N][N], bias[N];  // kernel[in][out]
};

template <std::size_t N>
const Weights<N>& weights() {
  static const auto random_weights = [] {
    auto w = std::make_unique<Weights<N>>();
    std::mt19937 random{1};
    std::uniform_real_distribution<float> value(-1, 1);
    for (auto& row : w->kernel)
      for (float& x : row) x = value(random) / std::sqrt(float(N));
    for (float& x : w->bias) x = value(random);
    return w;
  }();
  return *random_weights;
}

template <std::size_t N>
bool set(auto& dense) {
  return assign(dense, "kernel", std::span<const float>(weights<N>().kernel[0], N * N)) &&
         assign(dense, "bias", weights<N>().bias);
}

template <std::size_t N>
struct Combinator {
  static constexpr const char* name = "Residual<Dense>";
  Combinator() {
    if (!set<N>(model.template layer<0>().layers().template layer<0>())) std::abort();
  }
  void forward(const float* x, float* y) noexcept {
    model.forward(std::span<const float, N>(x, N), std::span<float, N>(y, N));
  }
  void process(const float* const* x, float* const* y, std::size_t count) noexcept { model.process(x, y, count); }
  ModelT<Residual<Dense<N, N>>> model;
};

template <std::size_t N>
struct DenseThenLoop {
  static constexpr const char* name = "Dense and a loop";
  DenseThenLoop() {
    if (!set<N>(model.template layer<0>())) std::abort();
  }
  void forward(const float* x, float* y) noexcept {
    model.forward(std::span<const float, N>(x, N), std::span<float, N>(y, N));
    for (std::size_t c = 0; c < N; ++c) y[c] += x[c];
  }
  void process(const float* const* x, float* const* y, std::size_t count) noexcept {
    model.process(x, y, count);
    for (std::size_t c = 0; c < N; ++c)
      for (std::size_t t = 0; t < count; ++t) y[c][t] += x[c][t];
  }
  ModelT<Dense<N, N>> model;
};

template <std::size_t N>
struct PlainLoops {
  static constexpr const char* name = "plain loops";
  void forward(const float* x, float* y) noexcept {
    float sums[N];
    for (std::size_t o = 0; o < N; ++o) sums[o] = x[o] + w.bias[o];
    for (std::size_t k = 0; k < N; ++k)
      for (std::size_t o = 0; o < N; ++o) sums[o] += w.kernel[k][o] * x[k];
    for (std::size_t o = 0; o < N; ++o) y[o] = sums[o];
  }
  void process(const float* const* x, float* const* y, std::size_t count) noexcept {
    for (std::size_t o = 0; o < N; ++o) {
      float sums[block];
      for (std::size_t t = 0; t < count; ++t) sums[t] = x[o][t] + w.bias[o];
      for (std::size_t k = 0; k < N; ++k)
        for (std::size_t t = 0; t < count; ++t) sums[t] += w.kernel[k][o] * x[k][t];
      for (std::size_t t = 0; t < count; ++t) y[o][t] = sums[t];
    }
  }
  const Weights<N>& w = weights<N>();
};

template <std::size_t N>
Signal<N> input() {
  Signal<N> x;
  for (std::size_t c = 0; c < N; ++c)
    for (std::size_t t = 0; t < frames; ++t)
      x.channels[c][t] = float(std::sin(0.014 * double(t) * (1 + 0.37 * double(c))));
  return x;
}

/// Runs all frames, one by one or in blocks.
template <std::size_t N, class Subject>
void run(Subject& subject, bool singly, Signal<N>& x, Signal<N>& y) {
  if (!singly) {
    for (std::size_t t = 0; t < frames; t += block) {
      const float* in[N];
      float* out[N];
      for (std::size_t c = 0; c < N; ++c) in[c] = x.channels[c] + t, out[c] = y.channels[c] + t;
      subject.process(in, out, block);
      benchmark::ClobberMemory();
    }
    return;
  }
  // `forward` takes interleaved frames: the N values of a frame are consecutive.
  for (std::size_t t = 0; t < frames; ++t) {
    subject.forward(x.values.data() + t * N, y.values.data() + t * N);
    benchmark::ClobberMemory();
  }
}

template <std::size_t N, class Subject>
void check(Subject& subject) {
  for (const bool singly : {true, false}) {
    Signal<N> x = input<N>(), y;
    run(subject, singly, x, y);
    const auto at = [singly](const Signal<N>& s, std::size_t c, std::size_t t) {
      return singly ? s.values[t * N + c] : s.channels[c][t];
    };
    for (std::size_t t = 0; t < frames; ++t)
      for (std::size_t o = 0; o < N; ++o) {
        double wanted = double(at(x, o, t)) + double(weights<N>().bias[o]);
        for (std::size_t k = 0; k < N; ++k) wanted += double(weights<N>().kernel[k][o]) * double(at(x, k, t));
        if (std::abs(double(at(y, o, t)) - wanted) <= 1e-5 * std::max(1.0, std::abs(wanted))) continue;
        std::fprintf(stderr, "%s of %zu channels is wrong\n", Subject::name, N);
        std::exit(1);
      }
  }
}

template <std::size_t N, template <std::size_t> class Subject>
void add() {
  const auto subject = std::make_shared<Subject<N>>();
  check<N>(*subject);
  for (const bool singly : {true, false}) {
    const std::string name = std::to_string(N) + (singly ? "/frame/" : "/64/") + Subject<N>::name;
    benchmark::RegisterBenchmark(name.c_str(), [subject, singly](benchmark::State& state) {
      Signal<N> x = input<N>(), y;
      for (auto _ : state) run(*subject, singly, x, y);
      benchmark::DoNotOptimize(y.values.data());
      state.counters["per sample"] = benchmark::Counter(double(state.iterations()) * double(frames),
                                                        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    });
  }
}

template <std::size_t N>
void add_size() {
  add<N, Combinator>();
  add<N, DenseThenLoop>();
  add<N, PlainLoops>();
}

}  // namespace

int main(int argc, char** argv) {
  add_size<8>();
  add_size<16>();
  add_size<32>();
  add_size<64>();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}

// Prints the table of docs/cabinets.md: what filters of one channel cost, by their number of taps.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "../layers/fma_peak.hpp"
#include "inlay/engine.hpp"

namespace {

using namespace inlay;
using Clock = std::chrono::steady_clock;

double ns_of(auto&& call) {
  const auto start = Clock::now();
  call();
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

std::vector<float> noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> values;
  std::vector<float> x(size);
  for (float& value : x) value = values(random);
  return x;
}

constexpr std::size_t signal_frames = 8192;

/// A model of one filter with random taps, and a signal. Verified when it is made.
template <class L>
class Timed {
 public:
  explicit Timed(std::size_t taps) : kernel_(noise(taps, 1)), in_(noise(signal_frames, 2)), out_(signal_frames) {
    for (float& tap : kernel_) tap /= std::sqrt(static_cast<float>(taps));
    if (!assign(model_->template layer<0>(), "kernel", std::span<const float>(kernel_))) std::abort();
    verify();
  }

  /// ns per frame, in buffers or, if `block` is 1, frame by frame.
  double cost(std::size_t block) {
    double best = std::numeric_limits<double>::infinity();
    for (int round = 0; round < 20; ++round) best = std::min(best, ns_of([&] { play(block); }) / signal_frames);
    return best;
  }

  /// The slowest of blocks of 64 frames over the median one. Blocks differ by their place in 512 frames, after which
  /// the work repeats. Each place counts by its fastest time, as other load on the machine only adds time.
  double unevenness() {
    constexpr std::size_t places = 8;
    std::array<double, places> times;
    times.fill(std::numeric_limits<double>::infinity());
    model_->reset();
    for (int round = 0; round < 400; ++round)
      for (std::size_t i = 0; i < places; ++i) times[i] = std::min(times[i], ns_of([&] { buffer(64 * i, 64); }));
    std::sort(times.begin(), times.end());
    return times.back() / times[places / 2];
  }

 private:
  void buffer(std::size_t from, std::size_t frames) {
    const float* const in = in_.data() + from;
    float* const out = out_.data() + from;
    model_->process(&in, &out, frames);
    benchmark::ClobberMemory();
  }
  void play(std::size_t block) {
    for (std::size_t t = 0; t < signal_frames; t += block) {
      if (block > 1) buffer(t, block);
      else out_[t] = model_->forward(in_[t]), benchmark::ClobberMemory();
    }
  }
  void verify() {
    model_->reset();
    play(64);
    for (std::size_t t = 0; t < signal_frames; t += 61) {
      double sum = 0;
      for (std::size_t k = 0; k < kernel_.size() && k <= t; ++k)
        sum += double(kernel_[kernel_.size() - 1 - k]) * double(in_[t - k]);
      if (!(std::abs(sum - double(out_[t])) < 1e-5))
        std::printf("wrong output: %zu taps, frame %zu\n", kernel_.size(), t), std::exit(1);
    }
  }

  std::unique_ptr<ModelT<L>> model_ = std::make_unique<ModelT<L>>();
  std::vector<float> kernel_, in_, out_;
};

template <std::size_t Taps>
void row(double peak) {
  std::printf("%6zu", Taps);
  if constexpr (Taps <= 4096) {
    Timed<Conv1D<1, 1, Taps>> direct(Taps);
    std::printf(" | %10.1f %10.1f", direct.cost(1), direct.cost(64));
  } else {
    std::printf(" | %10s %10s", "", "");
  }
  Timed<FIR<Taps>> fir(Taps);
  std::printf(" | %8.1f %8.1f %8.1f %8.1f", fir.cost(1), fir.cost(16), fir.cost(64), fir.cost(512));
  std::printf(" | %8.1f | %14.2f", 1e9 * double(FIR<Taps>::computed_macs) / peak, fir.unevenness());
  std::printf(" | %8.0f %8.0f\n", sizeof(typename FIR<Taps>::State) / 1000.0, sizeof(FIR<Taps>) / 1000.0);
  std::fflush(stdout);
}

}  // namespace

int main() {
  const double peak = bench::fma_peak<default_backend>();
  std::printf("ns per frame; float, lanes: %zu, %.0f G multiply-adds per second at the peak\n\n",
              default_backend::width, 1e-9 * peak);
  std::printf("%6s | %21s | %35s | %8s | %14s | %17s\n", "", "Conv1D", "FIR", "FIR", "blocks of 64", "FIR, KB");
  std::printf("%6s | %10s %10s | %8s %8s %8s %8s | %8s | %14s | %8s %8s\n", "taps", "frame", "64", "frame", "16", "64",
              "512", "floor", "worst / median", "state", "weights");
  row<32>(peak);
  row<64>(peak);
  row<128>(peak);
  row<256>(peak);
  row<512>(peak);
  row<1024>(peak);
  row<2048>(peak);
  row<4096>(peak);
  row<8192>(peak);
  row<16384>(peak);
}

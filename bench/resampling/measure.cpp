#include "measure.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstring>
#include <numbers>

namespace {
std::size_t allocations = 0;
}

#ifdef __GLIBC__
// The libraries are of C: operator new alone would not see what they allocate.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);

void* malloc(std::size_t size) noexcept {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* p, std::size_t size) noexcept {
  ++allocations;
  return __libc_realloc(p, size);
}
}
#endif

namespace {

using Complex = std::complex<double>;
constexpr double tau = 2 * std::numbers::pi;
constexpr std::size_t window_size = 8192, lobe = 16;  // of Kaiser's window: half its main lobe, in bins

double decibels(double x) { return 20 * std::log10(std::max(x, 1e-12)); }

const std::vector<double>& window() {
  static const std::vector<double> kaiser = [] {
    const auto bessel = [](double x) {
      double sum = 1, term = 1;
      for (double k = 1; term > sum * 1e-17; ++k) sum += term *= (x / 2 / k) * (x / 2 / k);
      return sum;
    };
    std::vector<double> w(window_size);
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double u = 2 * (double(i) + 0.5) / double(w.size()) - 1;
      sum += w[i] = bessel(22 * std::sqrt(1 - u * u));
    }
    for (double& each : w) each *= 2 / sum;  // a sine of amplitude 1 then has a component of 1
    return w;
  }();
  return kaiser;
}

void transform(std::vector<Complex>& x) {
  const std::size_t n = x.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {
    std::size_t bit = n / 2;
    for (; j & bit; bit /= 2) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::size_t length = 2; length <= n; length *= 2)
    for (std::size_t k = 0; k < length / 2; ++k) {
      const Complex w = std::polar(1.0, -tau * double(k) / double(length));
      for (std::size_t i = k; i < n; i += length) {
        const Complex a = x[i], b = x[i + length / 2] * w;
        x[i] = a + b;
        x[i + length / 2] = a - b;
      }
    }
}

std::vector<float> sine(double frequency, double rate, std::size_t frames) {
  std::vector<float> x(frames);
  for (std::size_t t = 0; t < frames; ++t) x[t] = static_cast<float>(std::sin(tau * frequency / rate * double(t)));
  return x;
}

/// The output for a whole signal, without room for more than 5 times as many frames.
std::vector<float> converted(Converter& converter, const std::vector<float>& x) {
  std::vector<float> y(5 * x.size());
  y.resize(converter.run(x.data(), x.size(), y.data(), y.size()));
  return y;
}

/// The last frames of a signal, windowed.
std::vector<Complex> end_of(const std::vector<float>& y) {
  std::vector<Complex> x(window_size);
  const std::size_t first = y.size() < window_size ? 0 : y.size() - window_size;
  for (std::size_t i = 0; i < window_size && first + i < y.size(); ++i) x[i] = double(y[first + i]) * window()[i];
  return x;
}

double level(const std::vector<float>& y, double frequency, double rate) {
  const std::vector<Complex> x = end_of(y);
  Complex sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * std::polar(1.0, -tau * frequency / rate * double(i));
  return decibels(std::abs(sum));
}

double false_tone(const std::vector<float>& y, double frequency, double rate, double below) {
  std::vector<Complex> x = end_of(y);
  transform(x);
  double most = 0;
  for (std::size_t k = 0; k < x.size() / 2; ++k) {
    const double f = double(k) * rate / double(x.size());
    if (f <= below && std::abs(f - frequency) > lobe * rate / double(x.size())) most = std::max(most, std::abs(x[k]));
  }
  return decibels(most);
}

double false_tones(const Make& make, double from, double to, double edge) {
  double most = -240;
  const auto frames = static_cast<std::size_t>(from * 0.5);
  for (double f = 211; f < from / 2; f += f < edge ? 811 : 397) {
    const auto converter = make(from, to);
    most = std::max(most, false_tone(converted(*converter, sine(f, from, frames)), f, to, f <= edge ? to : edge));
  }
  return most;
}

/// Two converters one after the other.
class RoundTrip final : public Converter {
 public:
  RoundTrip(const Make& make, double host, double model) : there_(make(host, model)), back_(make(model, host)) {}
  std::size_t run(const float* in, std::size_t frames, float* out, std::size_t room) override {
    if (between_.size() < 5 * frames + 10000) between_.resize(5 * frames + 10000);
    const std::size_t n = there_->run(in, frames, between_.data(), between_.size());
    return back_->run(between_.data(), n, out, room);
  }

 private:
  std::unique_ptr<Converter> there_, back_;
  std::vector<float> between_;
};

/// How late a frame comes out of a stream that never lacks one: by the frames that the output lacks at worst, and by
/// those that the output itself is late.
std::size_t latency(Converter& trip) {
  constexpr std::size_t frames = 30000, at = 9000;
  std::vector<float> x(frames), y(3 * frames);
  x[at] = 1;
  std::size_t made = 0, lacks = 0;
  for (std::size_t t = 0; t < frames; ++t) {
    made += trip.run(&x[t], 1, y.data() + made, y.size() - made);
    if (made < t + 1) lacks = std::max(lacks, t + 1 - made);
  }
  const auto peak = std::max_element(y.begin(), y.end()) - y.begin();
  return lacks + static_cast<std::size_t>(peak) - at;
}

std::size_t different_bits(const Make& make, double host, double model) {
  std::vector<float> x(60000), y(5 * x.size());
  unsigned seed = 1;
  const auto next = [&] { return seed = seed * 1664525 + 1013904223; };
  for (float& each : x) each = static_cast<float>(double(next()) / 4294967296.0 - 0.5);
  RoundTrip whole(make, host, model), cut(make, host, model);
  const std::vector<float> expected = converted(whole, x);
  std::size_t made = 0;
  for (std::size_t t = 0; t < x.size();) {
    const std::size_t n = std::min<std::size_t>(1 + next() % 700, x.size() - t);
    made += cut.run(&x[t], n, y.data() + made, y.size() - made);
    t += n;
  }
  std::size_t count = 0;
  for (std::size_t t = 0; t < std::min(made, expected.size()); ++t)
    count += std::memcmp(&y[t], &expected[t], sizeof(float)) != 0;
  return count;
}

}  // namespace

double shortest(const std::function<void()>& call, int rounds) {
  double ns = 1e18;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    ns = std::min(ns, time.count());
  }
  return ns;
}

Figures measure(const Make& make, double host, double model, double edge) {
  Figures figures{};
  const auto level_at = [&](double frequency) {
    RoundTrip trip(make, host, model);
    return level(converted(trip, sine(frequency, host, static_cast<std::size_t>(host * 0.5))), frequency, host);
  };
  figures.level_18 = level_at(18000);
  figures.level_20 = level_at(20000);
  figures.false_tones = std::max(false_tones(make, host, model, edge), false_tones(make, model, host, edge));
  RoundTrip impulse(make, host, model);
  figures.latency = latency(impulse);
  figures.different = different_bits(make, host, model);

  constexpr std::size_t frames = 8192;
  const std::vector<float> x = sine(1000, host, frames);
  std::vector<float> y(2 * frames);
  for (const std::size_t block : {64u, 512u}) {
    RoundTrip trip(make, host, model);
    const auto play = [&] {
      const std::size_t before = allocations;
      for (std::size_t t = 0; t < frames; t += block) trip.run(&x[t], block, y.data(), y.size());
      figures.allocations += allocations - before;
    };
    for (int i = 0; i < 4; ++i) play();
    figures.allocations = 0;
    (block == 64 ? figures.ns_64 : figures.ns_512) = shortest(play) / frames;
  }
  return figures;
}

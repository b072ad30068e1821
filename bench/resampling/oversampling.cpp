// What oversampling does to models: aliases, the response, latency, cost. Prints the table of docs/sample-rates.md.
//   oversampling table MODEL...        each model at each factor, and interleaved
//   oversampling sounds MODEL FOLDER   writes a sweep and guitar-like chords through the model, for sweep.py and for
//   ears
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <inlay/plugin/oversampled.hpp>
#include <inlay/run_time.hpp>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

#include "measure.hpp"

namespace {

using Model = inlay::Model<float>;
using Signal = std::vector<float>;
constexpr double tau = 2 * std::numbers::pi, rate = 48000;
constexpr std::size_t factors[] = {1, 2, 4, 8, 16};

/// The model oversampled; for the factor 1 as it is.
Signal played(const Model& model, std::size_t factor, const Signal& x) {
  Signal y(x.size());
  Model own = model;
  own.reset();
  if (factor == 1) own.process(std::span(x), std::span(y));
  else inlay::Oversampled<Model>(own, {.factor = factor, .sample_rate = rate}).process(std::span(x), std::span(y));
  return y;
}

constexpr std::size_t window = 48000;  // frames that are analysed: one component per Hz

Signal sine(double level, std::size_t hz) {
  Signal x(window + 24000);
  for (std::size_t t = 0; t < x.size(); ++t)
    x[t] = static_cast<float>(level * std::sin(tau * double(hz * t % window) / window));
  return x;
}

/// Amplitudes of the last `window` frames at 0, 1, 2, ... Hz.
std::vector<double> amplitudes(const Signal& y) {
  std::vector<double> all(window / 2);
  const float* const end = y.data() + y.size() - window;
  for (std::size_t k = 0; k < all.size(); ++k) {
    // Goertzel's recurrence.
    const double c = 2 * std::cos(tau * double(k) / window);
    double one = 0, two = 0;
    for (std::size_t t = 0; t < window; ++t) {
      const double zero = double(end[t]) + c * one - two;
      two = one, one = zero;
    }
    all[k] = 2.0 / window * std::sqrt(std::fmax(0, one * one + two * two - c * one * two));
  }
  return all;
}

double decibels(double x) { return 20 * std::log10(std::fmax(x, 1e-12)); }

/// The sum of what is below 20 kHz and no overtone of `hz`, relative to all overtones, in dB.
double aliases(const Signal& y, std::size_t hz) {
  double own = 0, others = 0;
  const std::vector<double> all = amplitudes(y);
  for (std::size_t k = 1; k < 20000; ++k) (k % hz == 0 ? own : others) += all[k] * all[k];
  return decibels(std::sqrt(others / own));
}

/// The amplitude of one component.
double level(const Signal& y, std::size_t hz) {
  std::complex<double> sum = 0;
  for (std::size_t t = 0; t < window; ++t)
    sum += double(y[y.size() - window + t]) * std::polar(1.0, -tau * double(hz * t % window) / window);
  return std::abs(sum) * 2 / window;
}

int print_table(int count, char** paths) {
  std::printf(
      "| model | factor | aliases of 5 kHz, dB | largest change of the response up to 16 kHz, dB | latency, frames | "
      "ns a sample, calls of 64 |\n|---|---|---|---|---|---|\n");
  for (int m = 0; m < count; ++m) {
    const Model model = Model::load(paths[m]);
    const std::string name = std::filesystem::path(paths[m]).stem().string();
    // Without a common divisor with 48000: the aliases of others could lie on the tone itself.
    constexpr std::size_t tones[] = {53, 199, 1009, 3001, 5003, 7993, 10007, 11987, 14009, 15013, 15991};
    std::vector<double> own;
    for (const std::size_t hz : tones) own.push_back(level(played(model, 1, sine(0.01, hz)), hz));
    for (const std::size_t factor : factors) {
      double change = 0;
      for (std::size_t i = 0; i < own.size(); ++i)
        change = std::fmax(change,
                           std::abs(decibels(level(played(model, factor, sine(0.01, tones[i])), tones[i]) / own[i])));
      // 5003 Hz: the aliases of 5000 Hz would lie on its overtones.
      const double false_tones = aliases(played(model, factor, sine(1, 5003)), 5003);
      Model plain = model;
      inlay::Oversampled<Model> over(model, {.factor = factor == 1 ? 2 : factor, .sample_rate = rate});
      std::printf("| %s | %zu | %.0f | %.2f | %zu | %.0f |\n", name.c_str(), factor, false_tones, change,
                  factor == 1 ? model.latency() : over.latency(), factor == 1 ? cost(plain, 64) : cost(over, 64));
      std::fflush(stdout);
    }
    inlay::Interleaved<Model> interleaved(model, 2);
    std::printf("| %s | `Interleaved`, 2 | | 0.00 | %zu | %.0f |\n", name.c_str(), interleaved.latency(),
                cost(interleaved, 64));
  }
  return 0;
}

void write_wav(const std::filesystem::path& path, const Signal& x) {
  std::ofstream file(path, std::ios::binary);
  const auto number = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) file.put(static_cast<char>(value >> (8 * i) & 255));
  };
  const auto size = static_cast<std::uint32_t>(x.size() * 2);
  file << "RIFF", number(36 + size, 4), file << "WAVEfmt ", number(16, 4), number(1, 2), number(1, 2);
  number(48000, 4), number(96000, 4), number(2, 2), number(16, 2), file << "data", number(size, 4);
  for (const float each : x)
    number(static_cast<std::uint32_t>(static_cast<std::int16_t>(32767 * std::fmin(1, std::fmax(-1, double(each))))), 2);
}

int write_sounds(const char* path, const std::filesystem::path& folder) {
  const Model model = Model::load(path);
  std::filesystem::create_directories(folder);
  const auto write = [&](const std::string& name, const Signal& x) {
    double peak = 0;
    for (const std::size_t factor : factors) {
      Signal y = played(model, factor, x);
      if (factor == 1)
        for (const float each : y) peak = std::fmax(peak, std::abs(double(each)));
      for (float& each : y) each *= static_cast<float>(0.9 / peak);
      write_wav(folder / (name + "_" + std::to_string(factor) + "x.wav"), y);
    }
  };
  // A sweep from 20 Hz to 20 kHz in 6 s, and a melody of high bent notes.
  Signal sweep(6 * 48000), melody(6 * 48000);
  double phase = 0, note = 0;
  for (std::size_t t = 0; t < sweep.size(); ++t) {
    const double seconds = double(t) / rate;
    sweep[t] = static_cast<float>(0.9 * std::sin(phase));
    phase += tau * 20 * std::pow(1000, seconds / 6) / rate;
    const double steps[] = {0, 3, 5, 7, 10, 12, 15, 19, 22, 24, 19, 12}, own = std::fmod(seconds, 0.5);
    melody[t] = static_cast<float>(0.8 * std::exp(-4 * own) * std::sin(note));
    note += tau * 1318.5 * std::pow(2, (steps[std::size_t(seconds / 0.5)] + 0.5 * own) / 12) / rate;
  }
  write("sweep", sweep);
  write("melody", melody);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "table" && argc > 2) return print_table(argc - 2, argv + 2);
  if (what == "sounds" && argc == 4) return write_sounds(argv[2], argv[3]);
  std::fprintf(stderr, "usage: oversampling table MODEL... | sounds MODEL FOLDER\n");
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

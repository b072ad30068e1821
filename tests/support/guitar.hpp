/// The guitar of examples/amp, and an exact sample rate conversion that is too slow for real time.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numbers>
#include <string>
#include <vector>

/// Reads a mono WAV file of 16-bit integers. Returns nothing for other files.
inline std::vector<float> read_wav(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<float> samples;
  const std::size_t data = bytes.find("data");
  if (data == std::string::npos) return samples;
  for (std::size_t i = data + 8; i + 1 < bytes.size(); i += 2) {
    const unsigned value = static_cast<unsigned char>(bytes[i]) | unsigned(static_cast<unsigned char>(bytes[i + 1]))
                                                                      << 8;
    samples.push_back(static_cast<float>(static_cast<std::int16_t>(value)) / 32768);
  }
  return samples;
}

/// Converts a whole signal, without a delay: a sum over 600 frames with Hann's window, in double precision. Flat to
/// 0.98 of half the lower rate.
inline std::vector<float> converted_offline(const std::vector<float>& x, double from, double to) {
  constexpr double pi = std::numbers::pi;
  const double scale = std::fmin(1, to / from), cutoff = 0.99 * scale, reach = 300 / scale;
  std::vector<float> y(static_cast<std::size_t>(static_cast<double>(x.size()) * to / from));
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double at = static_cast<double>(i) * from / to;
    const auto first = static_cast<std::size_t>(std::fmax(0, std::ceil(at - reach)));
    double sum = 0;
    for (std::size_t k = first; k < x.size() && static_cast<double>(k) < at + reach; ++k) {
      const double t = static_cast<double>(k) - at, angle = pi * cutoff * t;
      sum += x[k] * (angle == 0 ? 1 : std::sin(angle) / angle) * (0.5 + 0.5 * std::cos(pi * t / reach));
    }
    y[i] = static_cast<float>(sum * cutoff);
  }
  return y;
}

/// How far `y` without its first `late` frames is from `expected`, in dB of the energy of `expected`, from the frame
/// `from` on.
inline double error_in_db(const std::vector<float>& y, const std::vector<float>& expected, std::size_t late,
                          std::size_t from) {
  double error = 0, energy = 0;
  for (std::size_t t = from; t + late < y.size() && t < expected.size(); ++t) {
    const double e = expected[t], d = static_cast<double>(y[t + late]) - e;
    error += d * d;
    energy += e * e;
  }
  return 10 * std::log10(error / energy);
}

/// heavy_check PLUGIN MODEL: plays the plugin, slower than real time, and compares its output with that of the model.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <inlay/run_time.hpp>
#include <thread>
#include <vector>

#include "../plugin/hosts/host.hpp"

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: heavy_check PLUGIN MODEL\n");
    return 2;
  }
  constexpr std::size_t frames = 12800, block = 128;
  std::vector<float> in(frames), left(frames), right(frames), expected(frames);
  for (std::size_t t = 0; t < frames; ++t) in[t] = 0.4f * std::sin(0.03f * float(t)) * std::cos(0.0007f * float(t));
  auto model = inlay::Model<float>::load(std::filesystem::path(argv[2]));
  model.process(in, expected);

  const auto host = hosts::open(argv[1]);
  host->load(argv[2]);
  host->activate(48000, block);
  const std::size_t latency = host->latency();
  for (std::size_t t = 0; t < frames; t += block) {
    const float* const x[] = {in.data() + t, in.data() + t};
    float* const y[] = {left.data() + t, right.data() + t};
    host->process(x, y, block);
    std::this_thread::sleep_for(std::chrono::milliseconds(8));  // three times the duration of a block
  }
  host->deactivate();

  float difference = 0;
  for (std::size_t t = 0; t + latency < frames; ++t)
    for (const float y : {left[t + latency], right[t + latency]})
      difference = std::max(difference, std::abs(y - expected[t]));
  std::printf("%s: %zu frames of latency, largest difference %.2g\n", argv[1], latency, double(difference));
  const bool silent = std::all_of(left.begin(), left.begin() + std::ptrdiff_t(latency), [](float y) { return y == 0; });
  return latency > 0 && silent && difference == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "heavy_check: %s\n", error.what());
  return 2;
}

/// speed MODEL...: nanoseconds a sample of each model's output, in blocks of 128 samples, or of one frame of the input
/// if that gives more. The shortest of many short runs.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <inlay/run_time.hpp>
#include <limits>
#include <vector>

namespace {

constexpr std::size_t block = 128, blocks = 20, runs = 100;

/// Channels of `frames` frames, with a pointer to each.
struct Planar {
  Planar(std::size_t channels, std::size_t frames) : values(channels * frames) {
    for (std::size_t c = 0; c < channels; ++c) rows.push_back(values.data() + c * frames);
  }
  std::vector<float> values;
  std::vector<float*> rows;
};

double nanoseconds(inlay::Model<float>& model) {
  const std::size_t frames = std::max<std::size_t>(block / model.max_output_frames(1), 1);
  Planar in(model.in_size(), frames), out(model.out_size(), model.max_output_frames(frames));
  for (std::size_t i = 0; i < in.values.size(); ++i) in.values[i] = 0.3f * static_cast<float>(i % 32) / 32;
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t run = 0; run < runs; ++run) {
    std::size_t samples = 0;
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t b = 0; b < blocks; ++b) samples += model.process(in.rows.data(), out.rows.data(), frames);
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count() / static_cast<double>(samples));
  }
  return best;
}

}  // namespace

int main(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    auto model = inlay::Model<float>::load(std::filesystem::path(arguments[i]));
    std::printf("%s%.1f", i > 1 ? " " : "", nanoseconds(model));
  }
  std::printf("\n");
}

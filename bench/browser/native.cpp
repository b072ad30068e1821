/// speed MODEL...: nanoseconds a sample of each model, in blocks of 128 frames. The shortest of many short runs.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <inlay/run_time.hpp>
#include <limits>
#include <vector>

namespace {

constexpr std::size_t block = 128, blocks = 20, runs = 100;

double nanoseconds(inlay::Model<float>& model) {
  std::vector<float> in(block), out(block);
  for (std::size_t t = 0; t < block; ++t) in[t] = 0.3f * static_cast<float>(t % 32) / 32;
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t run = 0; run < runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t b = 0; b < blocks; ++b) model.process(in, out);
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count() / (block * blocks));
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

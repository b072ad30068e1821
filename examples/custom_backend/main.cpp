/// A custom backend compared with a built-in one, and combined with it in one model.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <inlay/backend/stl.hpp>
#include <inlay/inlay.hpp>
#include <random>
#include <span>
#include <vector>

#include "vector_backend.hpp"

template <inlay::Backend First, inlay::Backend Second = First>
using Amp = inlay::ModelT<inlay::LSTM<1, 20, First>, inlay::Dense<20, 1, Second>>;

/// Loads the file, which runs its check, computes the output for a signal, and prints the shortest time per frame.
template <class Model>
std::vector<float> render(const char* name, const char* path, std::span<const float> in) {
  using clock = std::chrono::steady_clock;
  Model model;
  model.load(path);
  std::vector<float> out(in.size());
  auto best = clock::duration::max();
  for (int run = 0; run < 10; ++run) {
    model.reset();
    const auto start = clock::now();
    model.process(in, out);
    best = std::min(best, clock::now() - start);
  }
  const double nanoseconds = std::chrono::duration<double, std::nano>(best).count();
  std::printf("%-14s %6.1f ns per frame\n", name, nanoseconds / double(in.size()));
  return out;
}

int main(int argc, char** argv) try {
  const char* path = argc > 1 ? argv[1] : "examples/amp/amp.json";
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> noise(10000);
  for (float& x : noise) x = uniform(random);

  using Ours = VectorBackend<float>;
  using Theirs = inlay::StlBackend<float>;
  const std::vector<float> wanted = render<Amp<Theirs>>("StlBackend", path, noise);
  float largest = 0;
  for (const auto& got :
       {render<Amp<Ours>>("VectorBackend", path, noise), render<Amp<Ours, Theirs>>("one of each", path, noise)})
    for (std::size_t t = 0; t < noise.size(); ++t) largest = std::max(largest, std::abs(got[t] - wanted[t]));
  std::printf("largest difference: %g\n", double(largest));
  return largest <= 1e-5f ? 0 : 1;
} catch (const inlay::load_error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}

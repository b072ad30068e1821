/// A custom layer in a model with built-in layers: loaded from JSON, run on two backends and in buffers of several
/// sizes.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <inlay/backend/loop.hpp>
#include <inlay/inlay.hpp>
#include <inlay/run_time.hpp>
#include <inlay/run_time/register_layer.hpp>
#include <random>
#include <span>
#include <vector>

#include "fractional_delay.hpp"

/// Four echoes, each saturated. `B` is the backend of all layers but the last: a model can combine backends.
template <inlay::Backend B>
using Echoes = inlay::ModelT<inlay::Dense<1, 4, B>, FractionalDelay<4, 32, B>, inlay::Tanh<4, B>, inlay::Dense<4, 1>>;

/// Computes the signal in buffers of `size` frames, or frame by frame with `forward` if `size` is 0.
template <class Model>
std::vector<float> render(Model& model, std::span<const float> in, std::size_t size) {
  std::vector<float> out(in.size());
  model.reset();
  if (size == 0) {
    for (std::size_t t = 0; t < in.size(); ++t) out[t] = model.forward(in[t]);
  } else {
    for (std::size_t t = 0; t < in.size(); t += size) {
      const std::size_t frames = std::min(size, in.size() - t);
      model.process(in.subspan(t, frames), std::span(out).subspan(t, frames));
    }
  }
  return out;
}

float largest_difference(std::span<const float> a, std::span<const float> b) {
  float largest = 0;
  for (std::size_t t = 0; t < a.size(); ++t) largest = std::max(largest, std::abs(a[t] - b[t]));
  return largest;
}

/// Returns whether the output is the same for every buffer size. A file's check does not cover all sizes.
template <class Model>
bool same_for_every_cut(Model& model, std::span<const float> in) {
  const std::vector<float> whole = render(model, in, in.size());
  for (const std::size_t size : {1u, 7u, 64u, 100u})
    if (render(model, in, size) != whole) return false;
  return largest_difference(render(model, in, 0), whole) <= 2e-6f;
}

int main(int argc, char** argv) try {
  const char* path = argc > 1 ? argv[1] : "examples/custom_layer/echoes.json";
  Echoes<inlay::default_backend> fast;
  Echoes<inlay::LoopBackend<float>> plain;
  fast.load(path);
  plain.load(path);

  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> noise(4096);
  for (float& x : noise) x = uniform(random);

  const bool cuts = same_for_every_cut(fast, noise) && same_for_every_cut(plain, noise);
  // The same layer in a run-time model.
  inlay::register_layer<FractionalDelay<4, 32>>();
  auto model = inlay::Model<float>::load(path);
  const float to_model = largest_difference(render(fast, noise, 512), render(model, noise, 512));

  const float difference = largest_difference(render(fast, noise, 512), render(plain, noise, 512));
  std::printf("%s: check passed on %s and %s; cuts: %s; largest difference between backends: %g, to Model: %g\n", path,
              inlay::default_backend::name, inlay::LoopBackend<float>::name, cuts ? "identical" : "DIFFERENT",
              double(difference), double(to_model));
  return cuts && difference <= 2e-6f && to_model <= 2e-6f ? 0 : 1;
} catch (const inlay::load_error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}

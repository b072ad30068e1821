/// A layer of our own in a model with the library's: loaded from JSON, run on two backends, cut in every way.
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

/// Four echoes, each saturated. `B` is the backend of all layers but the last: backends may be mixed.
template <inlay::Backend B>
using Echoes = inlay::ModelT<inlay::Dense<1, 4, B>, FractionalDelay<4, 32, B>, inlay::Tanh<4, B>, inlay::Dense<4, 1>>;

/// The signal in buffers of `size` frames, or in single frames through `forward` where that is 0.
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

/// Loading has run the file's check already; this is the promise that no file can check.
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
  // A network that is known only when its file is loaded has the same layer.
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

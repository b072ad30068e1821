/// Weights and signals for models that are not trained.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "support/numbers.hpp"

namespace plugin_test {

template <class Model>
void fill(Model& model, unsigned seed, double scale = 1) {
  Numbers numbers{seed, scale};
  model.layers().visit(numbers);
  model.reset();
}

/// Two tones, the higher one louder and softer.
template <class T>
std::vector<T> signal(std::size_t frames, double offset = 0) {
  std::vector<T> x(frames);
  for (std::size_t t = 0; t < frames; ++t)
    x[t] = static_cast<T>(0.5 * std::sin(0.013 * double(t) + offset) +
                          0.3 * std::sin(0.11 * double(t)) * std::cos(0.001 * double(t)));
  return x;
}

/// Lengths of calls that add up to any signal.
inline const std::vector<std::vector<std::size_t>> cuts{{64}, {1}, {17}, {512}, {4096}, {1, 300, 64, 7, 1000}};

}  // namespace plugin_test

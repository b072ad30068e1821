/// Weights and signals for models that are not trained.
#pragma once

#include <cmath>
#include <cstddef>
#include <inlay/core/tensor.hpp>
#include <string_view>
#include <vector>

namespace plugin_test {

/// Visitor that fills all tensors with numbers in [-scale / 2, scale / 2).
struct Numbers {
  unsigned next;
  double scale = 1;
  void option(auto&&...) {}
  void number(auto&&...) {}
  template <inlay::Tensor X>
  void tensor(std::string_view, X& x) {
    for (std::size_t i = 0; i < size_of(x); ++i) {
      next = next * 1664525 + 1013904223;
      x.set(i, static_cast<typename X::value_type>(scale * (double(next) / 4294967296.0 - 0.5)));
    }
  }
  void optional_tensor(std::string_view name, auto& x, auto) { tensor(name, x); }
  void chain(std::string_view, auto& layers, std::size_t = 0) {
    layers.for_each([&](auto i) { layers.template layer<i>().visit(*this); });
  }
};

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

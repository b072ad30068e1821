/// Numbers: weights for models that are not trained.
#pragma once

#include <cstddef>
#include <inlay/core/tensor.hpp>
#include <string_view>

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

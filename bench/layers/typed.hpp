/// Adds ModelT types with random weights to the suite.
#pragma once

#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "../subjects/model.hpp"
#include "inlay/backend/all.hpp"
#include "inlay/engine.hpp"
#include "suite.hpp"

namespace inlay::bench {

/// Visitor that fills tensors with random values, divided by the square root of the number of terms of a sum.
struct Randomise {
  Random random;

  void option(std::string_view, const auto&) {}
  void number(std::string_view, const auto&) {}
  template <Tensor X>
  void tensor(std::string_view name, X& x) {
    using T = typename X::value_type;
    // Poles are inside of the unit circle.
    const bool poles = name.starts_with("a_") || name.starts_with("lambda_"), biquad = name == "coefficients";
    const double scale = poles ? 0.7 : biquad ? 0.3 : 1 / std::sqrt(double(size_of(x)) / double(x.shape().back()));
    for (std::size_t i = 0; i < size_of(x); ++i)
      x.set(i, T(name == "variance" ? 1.5 + random() : name == "a" ? random() - 1.5 : scale * random()));
  }
  void optional_tensor(std::string_view name, auto& x, auto) { tensor(name, x); }
  void chain(std::string_view, auto& layers, std::size_t = 0) { all(layers); }

  /// Fills all layers of a model or an inner chain.
  void all(auto& layers) {
    layers.for_each([&](auto i) {
      layers.template layer<i>().visit(*this);
      detail::prepare(layers.template layer<i>());
    });
  }
};

template <class Model>
std::unique_ptr<Model> random_model() {
  auto model = std::make_unique<Model>();
  Randomise().all(*model);
  return model;
}

template <class Model>
Chain chain_of() {
  const auto model = random_model<Model>();
  Chain chain;
  Model::for_each([&](auto i) { chain.push_back(Description::of(model->template layer<i>())); });
  return chain;
}

template <class Model>
std::unique_ptr<Subject> make_subject() {
  return subject_of(random_model<Model>());
}

/// Adds a model type as a case. Weights do not depend on the backend, so the first backend describes the network for
/// all.
template <class Model>
void add_model(const Name& name, std::string_view backend) {
  if (suite().chains.try_emplace(name, chain_of<Model>).second) suite().names.push_back(name);
  suite().cases.push_back({name, std::string(backend), make_subject<Model>});
}

}  // namespace inlay::bench

/// WeightLoader: fills a layer from its record in a file, checking everything that the type fixes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "inlay/combinators/sequential.hpp"
#include "inlay/core/assign.hpp"
#include "inlay/core/bfloat16.hpp"
#include "inlay/core/compiled.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

/// The error that a policy states beyond the default's.
template <class Policy>
constexpr double lossy_bound() {
  if constexpr (requires { Policy::lossy_bound; }) return Policy::lossy_bound;
  else return 0;
}
/// That of a layer's mathematics or of its weights' storage, whichever is larger.
template <class L>
constexpr double policy_bound() {
  if constexpr (requires { typename L::backend::math_policy; })
    return std::max(lossy_bound<typename L::backend::math_policy>(), lossy_bound<weight_of<typename L::backend>>());
  else return 0;
}

/// Which layer of a model: number `index` of a chain, which is the model's own or belongs to a layer around it.
struct LayerNumber {
  std::size_t index = 0;
  const LayerNumber* around = nullptr;
  std::string_view chain{};  ///< name of the chain in the layer around
  std::size_t branch = 0;    ///< number of the chain among those of that name

  /// "2.branches.0.1": layer 1 of branch 0 of layer 2.
  std::string text() const;
};

/// The visitor of a layer's `visit` while a model is loaded. Throws load_error.
class WeightLoader {
 public:
  /// For a layer of fixed sizes and of this type.
  WeightLoader(const LayerRecord& record, const LayerNumber& number, std::string_view type, std::size_t in,
               std::size_t out);
  /// For a layer of dynamic sizes, which `width` channels come to.
  WeightLoader(const LayerRecord& record, std::size_t width);
  ~WeightLoader();
  WeightLoader(const WeightLoader&) = delete;
  WeightLoader& operator=(const WeightLoader&) = delete;

  /// From now on tensors are compared with the options, and not read: a layer of dynamic sizes learns its options
  /// before it has weights.
  WeightLoader& only_shapes() {
    only_shapes_ = true;
    return *this;
  }

  /// A property that the type fixes: the file has to agree.
  void option(std::string_view name, std::string_view value);
  void option(std::string_view name, bool value);
  void option(std::string_view name, std::size_t value);
  /// A property that the file decides; where a default is given, the file may leave it out.
  template <class Of>
  void option(std::string_view name, Extent<dynamic, Of>& extent) {
    extent.value = dynamic_size(name);
  }
  template <class Of>
  void option(std::string_view name, Extent<dynamic, Of>& extent, std::size_t otherwise) {
    extent.value = dynamic_size(name, otherwise);
  }
  /// A property of which the file chooses one of `names`, number `index`.
  void choice(std::string_view name, std::span<const std::string_view> names, std::size_t& index);
  /// A rule about the options of a layer of dynamic sizes: option `name` has to be `expected`.
  void require(bool holds, std::string_view name, std::string_view expected) const;

  void number(std::string_view name, float& variable);
  void number(std::string_view name, double& variable);

  template <Tensor X>
  void tensor(std::string_view name, X& x) {
    const auto shape = x.shape();
    const TensorRecord& record = of_shape(name, shape);
    if (only_shapes_) return;
    if constexpr (requires { x.allocate(); }) x.allocate();  // only after the file turned out to have as much
    fill_tensor(record, &x, [](void* to, std::size_t i, double value) {
      const auto narrow = static_cast<typename X::value_type>(value);
      static_cast<X*>(to)->set(i, narrow);
      return std::isfinite(narrow);
    });
  }

  template <Tensor X>
  void optional_tensor(std::string_view name, X& x, double otherwise) {
    if (has_tensor(name)) return tensor(name, x);
    if (only_shapes_) return;
    if constexpr (requires { x.allocate(); }) x.allocate();
    x.fill(static_cast<typename X::value_type>(otherwise));
  }

  /// Layers within the layer; of several chains under one name, number `index`.
  template <class... Layers>
  void chain(std::string_view name, Sequential<Layers...>& layers, std::size_t index = 0) {
    const ChainRecord& record = chain_of(name, index);
    const LayerNumber first{0, &number_, name, index};
    bound = std::max(bound, load_chain(layers, record, first));
  }

  /// To be called last: refuses members of the record that the layer did not ask for.
  void finish() const;

  /// The largest policy_bound of the layers within the layer.
  double bound = 0;

 private:
  [[noreturn]] void fail(std::string place, std::string expected, std::string found) const;
  /// "layer 2 of the model: dense 20 -> 1"
  std::string layer_text() const;

  void note(std::string_view name);
  const Value& find(std::string_view name);
  std::size_t dynamic_size(std::string_view name);
  std::size_t dynamic_size(std::string_view name, std::size_t otherwise);
  double number(std::string_view name, bool (*fits)(double));
  bool has_tensor(std::string_view name) const;
  const TensorRecord& of_shape(std::string_view name, std::span<const std::size_t> shape);
  /// `set` stores a value and tells whether it is finite in the layer's scalar.
  void fill_tensor(const TensorRecord& from, void* tensor, bool (*set)(void*, std::size_t, double)) const;
  const ChainRecord& chain_of(std::string_view name, std::size_t index);

  const LayerRecord& record_;
  LayerNumber number_;
  std::string_view type_{};       ///< of a layer of fixed sizes
  std::size_t in_ = 0, out_ = 0;  ///< its channels; of a layer of dynamic sizes those that come in, for each feature
  bool only_shapes_ = false;
  std::set<std::string, std::less<>> used_;
  std::size_t chains_ = 0;  ///< chains that were asked for under one name
};

/// A value of a file, as text for people.
std::string value_text(const Value& value);

/// Refuses a chain of another number of layers.
void expect_layers(const ChainRecord& record, std::size_t count);

/// Layers of a chain, those of chains within it counted one by one, as a file does.
template <class L>
struct LeafCount {
  static constexpr std::size_t value = 1;
};
template <class... Layers>
struct LeafCount<Sequential<Layers...>> {
  static constexpr std::size_t value = (0 + ... + LeafCount<Layers>::value);
};

/// Calls `f(layer)` for each of them.
template <class L>
void for_each_leaf(L& layer, auto&& f) {
  if constexpr (L::type != "sequential") f(layer);
  else L::for_each([&](auto i) { for_each_leaf(layer.template layer<i>(), f); });
}

/// Fills the layers of a chain, the first of which is number `number`. Returns the largest error that the mathematics
/// of any of them states. Throws load_error.
template <class... Layers>
double load_chain(Sequential<Layers...>& chain, const ChainRecord& record, LayerNumber number = {}) {
  expect_layers(record, LeafCount<Sequential<Layers...>>::value);
  double bound = 0;
  for_each_leaf(chain, [&]<class L>(L& layer) {
    WeightLoader loader(record.layers[number.index], number, L::type, L::in_size, L::out_size);
    layer.visit(loader);
    loader.finish();
    inlay::detail::prepare(layer);
    bound = std::max({bound, policy_bound<L>(), loader.bound});
    ++number.index;
  });
  return bound;
}

}  // namespace inlay::io

#if !defined(INLAY_COMPILED)
#include "inlay/io/weight_loader.ipp"
#endif

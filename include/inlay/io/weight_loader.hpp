/// WeightLoader: fills a layer from its record in a file and verifies that the record fits the layer's type.
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
#include "inlay/core/compiled.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

/// Returns the additional error that a policy declares as `lossy_bound`; 0 by default.
template <class Policy>
constexpr double lossy_bound() {
  if constexpr (requires { Policy::lossy_bound; }) return Policy::lossy_bound;
  else if constexpr (IntegerWeight<Policy>) return integer_lossy_bound<Policy>;
  else return 0;
}
/// Returns the larger of the `lossy_bound`s of a layer's math policy and weight storage.
template <class L>
constexpr double policy_bound() {
  if constexpr (requires { typename L::backend::math_policy; })
    return std::max(lossy_bound<typename L::backend::math_policy>(), lossy_bound<weight_of<typename L::backend>>());
  else return 0;
}

/// Path of a layer in a model type: layer `index` of the model's chain, or of an inner chain of the layer `around`.
struct LayerNumber {
  std::size_t index = 0;
  const LayerNumber* around = nullptr;
  std::string_view chain{};  ///< name of the chain in the layer `around`
  std::size_t branch = 0;    ///< index among the chains of that name

  /// Text for error messages: "2.branches.0.1" is layer 1 of branch 0 of layer 2.
  std::string text() const;
};

/// The visitor that loads a layer: pass it to the layer's `visit`, then call `finish`. Throws load_error if the record
/// does not fit the layer.
class WeightLoader {
 public:
  /// For a layer of fixed sizes. `type`, `in` and `out` are those of the layer.
  WeightLoader(const LayerRecord& record, const LayerNumber& number, std::string_view type, std::size_t in,
               std::size_t out);
  /// For a layer of dynamic sizes with `width` input channels.
  WeightLoader(const LayerRecord& record, std::size_t width);
  ~WeightLoader();
  WeightLoader(const WeightLoader&) = delete;
  WeightLoader& operator=(const WeightLoader&) = delete;

  /// Makes the loader verify the shapes of tensors without reading them. Used to read the options of a layer of dynamic
  /// sizes before its weights.
  WeightLoader& only_shapes() {
    only_shapes_ = true;
    return *this;
  }

  /// An option that the type fixes. The file must have the same value.
  void option(std::string_view name, std::string_view value);
  void option(std::string_view name, bool value);
  void option(std::string_view name, std::size_t value);
  /// The same with a default: the file may omit an option of the value `fallback`.
  void option(std::string_view name, bool value, bool fallback);
  /// An option that is read from the file. The file may omit it if there is a default, `fallback`.
  template <class Of>
  void option(std::string_view name, Extent<dynamic, Of>& extent) {
    extent.value = dynamic_size(name);
  }
  template <class Of>
  void option(std::string_view name, Extent<dynamic, Of>& extent, std::size_t fallback) {
    extent.value = dynamic_size(name, fallback);
  }
  /// An option with one of several values: sets `index` to the position of the file's value in `names`.
  void choice(std::string_view name, std::span<const std::string_view> names, std::size_t& index);
  /// A constraint on the options of a layer of dynamic sizes. If it does not hold, the error says that option `name` is
  /// expected to be `expected`.
  void require(bool holds, std::string_view name, std::string_view expected) const;

  /// A number of the layer, such as an epsilon.
  void number(std::string_view name, float& variable);
  void number(std::string_view name, double& variable);

  /// A tensor. Its shape must be that in the file.
  template <Tensor X>
  void tensor(std::string_view name, X& x) {
    const auto shape = x.shape();
    const TensorRecord& record = of_shape(name, shape);
    if (only_shapes_) return;
    if constexpr (requires { x.allocate(); }) x.allocate();  // after the file's shape was verified
    set_values(x, [&] {
      fill_tensor(record, &x, [](void* to, std::size_t i, double value) {
        const auto narrow = static_cast<typename X::value_type>(value);
        static_cast<X*>(to)->set(i, narrow);
        return std::isfinite(narrow);
      });
    });
  }

  /// A tensor that the file may omit; it is then filled with `fallback`.
  template <Tensor X>
  void optional_tensor(std::string_view name, X& x, double fallback) {
    if (has_tensor(name)) return tensor(name, x);
    if (only_shapes_) return;
    if constexpr (requires { x.allocate(); }) x.allocate();
    x.fill(static_cast<typename X::value_type>(fallback));
  }

  /// An inner chain of a combinator: chain `index` of the name `name`.
  template <class... Layers>
  void chain(std::string_view name, Sequential<Layers...>& layers, std::size_t index = 0) {
    const ChainRecord& record = chain_of(name, index);
    const LayerNumber first{0, &number_, name, index};
    bound = std::max(bound, load_chain(layers, record, first));
  }

  /// Throws load_error if the record has members that the layer did not visit. Call it last.
  void finish() const;

  /// Largest policy_bound of the layers in inner chains.
  double bound = 0;

 private:
  [[noreturn]] void fail(std::string place, std::string expected, std::string found) const;
  /// Text for error messages: "layer 2 of the model: dense 20 -> 1".
  std::string layer_text() const;

  void note(std::string_view name);
  const Value& find(std::string_view name);
  std::size_t dynamic_size(std::string_view name);
  std::size_t dynamic_size(std::string_view name, std::size_t fallback);
  double number(std::string_view name, bool (*fits)(double));
  bool has_tensor(std::string_view name) const;
  const TensorRecord& of_shape(std::string_view name, std::span<const std::size_t> shape);
  /// `set` stores a value and returns whether it is finite in the layer's scalar type.
  void fill_tensor(const TensorRecord& from, void* tensor, bool (*set)(void*, std::size_t, double)) const;
  const ChainRecord& chain_of(std::string_view name, std::size_t index);

  const LayerRecord& record_;
  LayerNumber number_;
  std::string_view type_{};       ///< type of a layer of fixed sizes; empty for dynamic sizes
  std::size_t in_ = 0, out_ = 0;  ///< channels; for dynamic sizes only `in_`, the input channels per feature
  bool only_shapes_ = false;
  std::set<std::string, std::less<>> used_;
  std::size_t chains_ = 0;  ///< largest number of chains visited under one name
};

/// Formats a value for an error message.
std::string value_text(const Value& value);

/// Throws load_error unless a chain has `count` layers.
void expect_layers(const ChainRecord& record, std::size_t count);

/// Number of layers of a chain with nested Sequentials flattened, as in a file.
template <class L>
struct LeafCount {
  static constexpr std::size_t value = 1;
};
template <class... Layers>
struct LeafCount<Sequential<Layers...>> {
  static constexpr std::size_t value = (0 + ... + LeafCount<Layers>::value);
};

/// Calls `f(layer)` for each layer of a chain with nested Sequentials flattened.
template <class L>
void for_each_leaf(L& layer, auto&& f) {
  if constexpr (L::type != "sequential") f(layer);
  else L::for_each([&](auto i) { for_each_leaf(layer.template layer<i>(), f); });
}

/// Fills the layers of a chain, starting with layer `number`. Returns the largest policy_bound of the layers. Throws
/// load_error.
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
#include "inlay/core/weight.hpp"
#include "inlay/io/weight_loader.ipp"
#endif

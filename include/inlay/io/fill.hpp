/// Fills a layer from its record in a file, checking everything that the type fixes.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "inlay/core/assign.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/model/sequential.hpp"

namespace inlay::io {

/// The error that a policy states beyond the default's.
template <class Policy>
constexpr double lossy_bound() {
  if constexpr (requires { Policy::lossy_bound; }) return Policy::lossy_bound;
  else return 0;
}
/// That of a layer's mathematics or of what its weights are stored as, whichever is larger.
template <class L>
constexpr double policy_bound() {
  if constexpr (requires { typename L::backend::math_policy; })
    return std::max(lossy_bound<typename L::backend::math_policy>(), lossy_bound<weight_of<typename L::backend>>());
  else return 0;
}

template <class... Layers>
double fill_chain(Sequential<Layers...>& chain, const ChainRecord& record, const std::string& number);

/// The visitor that a layer's `visit` is called with while loading. Throws load_error.
class Fill {
 public:
  /// `record` is for layer `number` of the model, of this type and sizes.
  Fill(const LayerRecord& record, std::string number, std::string_view type, std::size_t in, std::size_t out)
      : record_(record),
        number_(std::move(number)),
        layer_(concat(
            {"layer ", number_, " of the model: ", type, " ", std::to_string(in), " -> ", std::to_string(out)})) {
    const auto* found = std::get_if<std::string>(&record.type.value);
    if (!found || *found != type) fail(record.type.place, concat({"\"", type, "\""}), text(record.type));
  }
  /// `record` is for a layer of dynamic sizes that is given `width` channels.
  Fill(const LayerRecord& record, std::string number, std::size_t width)
      : record_(record), number_(std::move(number)), width_(width) {}

  /// A property that the type fixes and the file has to agree with.
  void option(std::string_view name, std::string_view value) { expect(name, std::string(value)); }
  void option(std::string_view name, bool value) { expect(name, value); }
  void option(std::string_view name, std::size_t value) { expect(name, value); }

  /// One that the type leaves open, and the file decides.
  void option(std::string_view name, Extent<dynamic>& extent) {
    extent.value = find_size(name);
    if ((name == "in" || name == "size" || name == "channels") && extent != width_)
      fail(find(name).place, concat({std::to_string(width_), ", the channels that come in"}), std::to_string(extent));
  }
  /// The same for one that a file may leave out.
  void option(std::string_view name, Extent<dynamic>& extent, std::size_t otherwise) {
    extent.value = record_.values.contains(name) ? find_size(name) : otherwise;
  }

  template <std::floating_point T>
  void number(std::string_view name, T& variable) {
    fill_number(name, &variable, [](void* to, double value) {
      *static_cast<T*>(to) = static_cast<T>(value);
      return std::isfinite(static_cast<T>(value));
    });
  }

  template <Tensor X>
  void tensor(std::string_view name, X& x) {
    const auto shape = x.shape();
    const TensorRecord& record = of_shape(name, shape);
    if constexpr (requires { x.allocate(); }) x.allocate();  // not before the file turned out to have as much
    fill_tensor(record, &x, [](void* to, std::size_t i, double value) {
      const auto narrow = static_cast<typename X::value_type>(value);
      static_cast<X*>(to)->set(i, narrow);
      return std::isfinite(narrow);
    });
  }

  template <Tensor X>
  void optional_tensor(std::string_view name, X& x, double otherwise) {
    if (record_.tensors.contains(name)) return tensor(name, x);
    if constexpr (requires { x.allocate(); }) x.allocate();
    x.fill(static_cast<typename X::value_type>(otherwise));
  }

  /// Layers within the layer; of several chains under one name, number `index`.
  void chain(std::string_view name, auto& layers, std::size_t index = 0) {
    used_.emplace(name);
    const auto chains = record_.chains.find(name);
    if (chains == record_.chains.end()) fail(record_.place, concat({"an array of layers \"", name, "\""}), "none");
    const std::vector<ChainRecord>& found = chains->second;
    if (index >= found.size())
      fail(record_.place, concat({"more than ", std::to_string(index), " of \"", name, "\""}),
           std::to_string(found.size()));
    most_ = std::max(most_, index + 1);
    bound = std::max(bound, fill_chain(layers, found[index], concat({number_, ".", name, ".", std::to_string(index)})));
  }

  /// To be called last: refuses what the file says and the layer did not ask for.
  void finish() const {
    for (const auto& [name, value] : record_.values)
      if (!used_.contains(name)) fail(value.place, concat({"no \"", name, "\" in this layer"}), text(value));
    for (const auto& [name, tensor] : record_.tensors)
      if (!used_.contains(name))
        fail(tensor.place, concat({"no \"", name, "\" in this layer"}), shape_text(tensor.shape));
    for (const auto& [name, chains] : record_.chains) {
      if (!used_.contains(name)) fail(chains[0].place, concat({"no \"", name, "\" in this layer"}), "layers");
      if (chains.size() > most_)
        fail(chains[most_].place, concat({"no more than ", std::to_string(most_), " of \"", name, "\""}),
             std::to_string(chains.size()));
    }
  }

  [[noreturn]] void fail(std::string place, std::string expected, std::string found) const {
    throw load_error(std::move(place), std::move(expected), std::move(found), layer_);
  }

  static std::string text(const Value& value) {
    return std::visit(
        [](const auto& v) -> std::string {
          using V = std::remove_cvref_t<decltype(v)>;
          if constexpr (std::same_as<V, bool>) return v ? "true" : "false";
          else if constexpr (std::same_as<V, std::string>) return concat({"\"", v, "\""});
          else return std::to_string(v);
        },
        value.value);
  }

  /// The largest policy_bound of the layers within the layer.
  double bound = 0;

 private:
  template <class V>
  void expect(std::string_view name, const V& wanted) {
    const Value& value = find(name);
    const auto* found = std::get_if<V>(&value.value);
    if (!found || *found != wanted) fail(value.place, text(Value{{}, wanted}), text(value));
  }

  std::size_t find_size(std::string_view name) {
    const Value& value = find(name);
    const auto* found = std::get_if<std::size_t>(&value.value);
    if (!found || *found == 0) fail(value.place, "a whole number above 0", text(value));
    return *found;
  }

  const Value& find(std::string_view name) {
    used_.emplace(name);
    const auto value = record_.values.find(name);
    if (value == record_.values.end()) fail(record_.place, concat({"a member \"", name, "\""}), "none");
    return value->second;
  }

  /// `set` stores a value and says whether it is finite in the layer's scalar.
  void fill_number(std::string_view name, void* variable, bool (*set)(void*, double)) {
    const Value& value = find(name);
    const auto* whole = std::get_if<std::size_t>(&value.value);
    const auto* real = std::get_if<double>(&value.value);
    if (!whole && !real) fail(value.place, "a number", text(value));
    if (!set(variable, whole ? static_cast<double>(*whole) : *real)) fail(value.place, in_range, text(value));
  }

  /// The record of a tensor, which has to have this shape.
  const TensorRecord& of_shape(std::string_view name, std::span<const std::size_t> shape) {
    used_.emplace(name);
    const auto record = record_.tensors.find(name);
    if (record == record_.tensors.end())
      fail(record_.place, concat({"a tensor \"", name, "\" of shape ", shape_text(shape)}), "none");
    const TensorRecord& from = record->second;
    if (!std::equal(shape.begin(), shape.end(), from.shape.begin(), from.shape.end()))
      fail(from.place, shape_text(shape), shape_text(from.shape));
    return from;
  }

  void fill_tensor(const TensorRecord& from, void* tensor, bool (*set)(void*, std::size_t, double)) const {
    for (std::size_t i = 0; i < from.values.size(); ++i)
      if (!set(tensor, i, from.values[i])) fail(from.place_of(i), in_range, std::to_string(from.values[i]));
  }

  static constexpr const char* in_range = "a number in the range of the model's scalar";

  const LayerRecord& record_;
  std::string number_, layer_;
  std::size_t width_ = 0;
  std::set<std::string, std::less<>> used_;
  std::size_t most_ = 0;  ///< chains that were asked for under one name
};

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

/// Fills the layers of a chain, and returns the largest error that the mathematics of any of them states. Throws
/// load_error. `number` is that of the layer which holds the chain.
template <class... Layers>
double fill_chain(Sequential<Layers...>& chain, const ChainRecord& record, const std::string& number) {
  constexpr std::size_t count = LeafCount<Sequential<Layers...>>::value;
  if (record.layers.size() != count)
    throw load_error(record.place, concat({std::to_string(count), " layers, as the model type has"}),
                     concat({std::to_string(record.layers.size()), " (an activation counts as a layer)"}));
  double bound = 0;
  std::size_t i = 0;
  for_each_leaf(chain, [&]<class L>(L& layer) {
    const std::string index = std::to_string(i);
    Fill fill(record.layers[i++], number.empty() ? index : concat({number, ".", index}), L::type, L::in_size,
              L::out_size);
    layer.visit(fill);
    fill.finish();
    inlay::detail::prepare(layer);
    bound = std::max({bound, policy_bound<L>(), fill.bound});
  });
  return bound;
}

}  // namespace inlay::io

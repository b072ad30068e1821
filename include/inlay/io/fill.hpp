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

#include "inlay/core/tensor.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

/// The visitor that a layer's `visit` is called with while loading. Throws load_error.
class Fill {
 public:
  /// `record` is for layer number `index` of the model, of this type and sizes.
  Fill(const LayerRecord& record, std::size_t index, std::string_view type, std::size_t in, std::size_t out)
      : record_(record),
        layer_(concat({"layer ", std::to_string(index), " of the model: ", type, " ", std::to_string(in), " -> ",
                       std::to_string(out)})) {
    const auto* found = std::get_if<std::string>(&record.type.value);
    if (!found || *found != type) fail(record.type.place, concat({"\"", type, "\""}), text(record.type));
  }

  /// A property that the type fixes and the file has to agree with.
  void option(std::string_view name, std::string_view value) { expect(name, std::string(value)); }
  void option(std::string_view name, bool value) { expect(name, value); }
  void option(std::string_view name, std::size_t value) { expect(name, value); }

  template <std::floating_point T>
  void number(std::string_view name, T& variable) {
    fill_number(name, &variable, [](void* to, double value) {
      *static_cast<T*>(to) = static_cast<T>(value);
      return std::isfinite(static_cast<T>(value));
    });
  }

  template <Tensor X>
  void tensor(std::string_view name, X& x) {
    static constexpr auto shape = X::shape();
    fill_tensor(name, shape, &x, [](void* to, std::size_t i, double value) {
      const auto narrow = static_cast<typename X::value_type>(value);
      static_cast<X*>(to)->set(i, narrow);
      return std::isfinite(narrow);
    });
  }

  template <Tensor X>
  void optional_tensor(std::string_view name, X& x, double otherwise) {
    if (record_.tensors.contains(name)) tensor(name, x);
    else x.fill(static_cast<typename X::value_type>(otherwise));
  }

  /// To be called last: refuses what the file says and the layer did not ask for.
  void finish() const {
    for (const auto& [name, value] : record_.values)
      if (!used_.contains(name)) fail(value.place, concat({"no \"", name, "\" in this layer"}), text(value));
    for (const auto& [name, tensor] : record_.tensors)
      if (!used_.contains(name))
        fail(tensor.place, concat({"no \"", name, "\" in this layer"}), shape_text(tensor.shape));
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

 private:
  template <class V>
  void expect(std::string_view name, const V& wanted) {
    const Value& value = find(name);
    const auto* found = std::get_if<V>(&value.value);
    if (!found || *found != wanted) fail(value.place, text(Value{{}, wanted}), text(value));
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

  void fill_tensor(std::string_view name, std::span<const std::size_t> shape, void* tensor,
                   bool (*set)(void*, std::size_t, double)) {
    used_.emplace(name);
    const auto record = record_.tensors.find(name);
    if (record == record_.tensors.end())
      fail(record_.place, concat({"a tensor \"", name, "\" of shape ", shape_text(shape)}), "none");
    const TensorRecord& from = record->second;
    if (!std::equal(shape.begin(), shape.end(), from.shape.begin(), from.shape.end()))
      fail(from.place, shape_text(shape), shape_text(from.shape));
    for (std::size_t i = 0; i < from.values.size(); ++i)
      if (!set(tensor, i, from.values[i])) fail(from.place_of(i), in_range, std::to_string(from.values[i]));
  }

  static constexpr const char* in_range = "a number in the range of the model's scalar";

  const LayerRecord& record_;
  std::string layer_;
  std::set<std::string, std::less<>> used_;
};

}  // namespace inlay::io

#pragma once

#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>
#include <variant>

#include "inlay/io/limits.hpp"
#include "inlay/io/record.hpp"
#include "inlay/io/weight_loader.hpp"

namespace inlay::io {

INLAY_DECL std::string LayerNumber::text() const {
  const std::string own = std::to_string(index);
  return around ? concat({around->text(), ".", chain, ".", branch, ".", own}) : own;
}

INLAY_DECL std::string value_text(const Value& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        using V = std::remove_cvref_t<decltype(v)>;
        if constexpr (std::same_as<V, bool>) return v ? "true" : "false";
        else if constexpr (std::same_as<V, std::string>) return concat({"\"", v, "\""});
        else return std::to_string(v);
      },
      value.value);
}

INLAY_DECL void expect_layers(const ChainRecord& record, std::size_t count) {
  if (record.layers.size() == count) return;
  throw load_error(record.place, concat({count, " layers, as the model type has"}),
                   concat({record.layers.size(), " (an activation counts as a layer)"}));
}

INLAY_DECL WeightLoader::WeightLoader(const LayerRecord& record, const LayerNumber& number, std::string_view type,
                                      std::size_t in, std::size_t out)
    : record_(record), number_(number), type_(type), in_(in), out_(out) {
  const auto* found = std::get_if<std::string>(&record.type.value);
  if (!found || *found != type) fail(record.type.place, concat({"\"", type, "\""}), value_text(record.type));
}

INLAY_DECL WeightLoader::WeightLoader(const LayerRecord& record, std::size_t width) : record_(record), in_(width) {
  if (!record.values.contains("features")) return;
  const std::size_t features = positive(record, "features");
  if (width % features != 0)
    fail(place_of(record, "features"), concat({"a divisor of ", width, ", the number of input channels"}),
         std::to_string(features));
  in_ = width / features;
}

INLAY_DECL WeightLoader::~WeightLoader() = default;

INLAY_DECL void WeightLoader::note(std::string_view name) { used_.emplace(name); }

namespace detail {

/// Returns whether an option has the type and value of `wanted`.
template <class V>
bool is(const Value& value, const V& wanted) {
  const auto* found = std::get_if<V>(&value.value);
  return found && *found == wanted;
}

}  // namespace detail

INLAY_DECL void WeightLoader::option(std::string_view name, std::string_view value) {
  const Value& found = find(name);
  const std::string wanted(value);
  if (!detail::is(found, wanted)) fail(found.place, value_text({{}, wanted}), value_text(found));
}
INLAY_DECL void WeightLoader::option(std::string_view name, bool value) {
  const Value& found = find(name);
  if (!detail::is(found, value)) fail(found.place, value_text({{}, value}), value_text(found));
}
INLAY_DECL void WeightLoader::option(std::string_view name, std::size_t value) {
  const Value& found = find(name);
  if (!detail::is(found, value)) fail(found.place, value_text({{}, value}), value_text(found));
}

INLAY_DECL void WeightLoader::option(std::string_view name, bool value, bool fallback) {
  if (value != fallback || record_.values.contains(name)) option(name, value);
  else note(name);
}

INLAY_DECL std::size_t WeightLoader::dynamic_size(std::string_view name) {
  const Value& value = find(name);
  const auto* found = std::get_if<std::size_t>(&value.value);
  if (!found || *found == 0 || *found > limits::option)
    fail(value.place, concat({"a whole number from 1 to ", limits::option}), value_text(value));
  const bool is_width = name == "in" || name == "size" || name == "channels";
  if (is_width && *found != in_)
    fail(value.place, concat({in_, ", the number of input channels"}), std::to_string(*found));
  return *found;
}
INLAY_DECL std::size_t WeightLoader::dynamic_size(std::string_view name, std::size_t fallback) {
  return record_.values.contains(name) ? dynamic_size(name) : fallback;
}

INLAY_DECL void WeightLoader::choice(std::string_view name, std::span<const std::string_view> names,
                                     std::size_t& index) {
  const Value& found = find(name);
  std::string expected;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (detail::is(found, std::string(names[i]))) return static_cast<void>(index = i);
    expected += concat({expected.empty() ? "\"" : " or \"", names[i], "\""});
  }
  fail(found.place, expected, value_text(found));
}

INLAY_DECL void WeightLoader::require(bool holds, std::string_view name, std::string_view expected) const {
  if (holds) return;
  const auto value = record_.values.find(name);
  if (value == record_.values.end()) fail(record_.place, concat({"an option \"", name, "\": ", expected}), "none");
  fail(value->second.place, std::string(expected), value_text(value->second));
}

namespace detail {

inline constexpr const char* in_range = "a number in the range of the model's scalar";

template <class T>
bool is_finite_in(double value) {
  return std::isfinite(static_cast<T>(value));
}

}  // namespace detail

INLAY_DECL void WeightLoader::number(std::string_view name, float& variable) {
  variable = static_cast<float>(number(name, detail::is_finite_in<float>));
}
INLAY_DECL void WeightLoader::number(std::string_view name, double& variable) {
  variable = number(name, detail::is_finite_in<double>);
}
INLAY_DECL double WeightLoader::number(std::string_view name, bool (*fits)(double)) {
  const Value& value = find(name);
  const auto* whole = std::get_if<std::size_t>(&value.value);
  const auto* real = std::get_if<double>(&value.value);
  if (!whole && !real) fail(value.place, "a number", value_text(value));
  const double number = whole ? static_cast<double>(*whole) : *real;
  if (!fits(number)) fail(value.place, detail::in_range, value_text(value));
  return number;
}

INLAY_DECL const Value& WeightLoader::find(std::string_view name) {
  note(name);
  const auto value = record_.values.find(name);
  if (value == record_.values.end()) fail(record_.place, concat({"a member \"", name, "\""}), "none");
  return value->second;
}

INLAY_DECL bool WeightLoader::has_tensor(std::string_view name) const { return record_.tensors.contains(name); }

INLAY_DECL const TensorRecord& WeightLoader::of_shape(std::string_view name, std::span<const std::size_t> shape) {
  note(name);
  const auto record = record_.tensors.find(name);
  if (record == record_.tensors.end())
    fail(record_.place, concat({"a tensor \"", name, "\" of shape ", shape_text(shape)}), "none");
  const TensorRecord& from = record->second;
  if (!std::equal(shape.begin(), shape.end(), from.shape.begin(), from.shape.end()))
    fail(from.place, shape_text(shape), shape_text(from.shape));
  return from;
}

INLAY_DECL void WeightLoader::fill_tensor(const TensorRecord& from, void* tensor,
                                          bool (*set)(void*, std::size_t, double)) const {
  for (std::size_t i = 0; i < from.values.size(); ++i)
    if (!set(tensor, i, from.values[i])) fail(from.place_of(i), detail::in_range, std::to_string(from.values[i]));
}

INLAY_DECL const ChainRecord& WeightLoader::chain_of(std::string_view name, std::size_t index) {
  note(name);
  const auto chains = record_.chains.find(name);
  if (chains == record_.chains.end()) fail(record_.place, concat({"an array of layers \"", name, "\""}), "none");
  const std::vector<ChainRecord>& found = chains->second;
  if (index >= found.size())
    fail(record_.place, concat({"at least ", index + 1, " chains in \"", name, "\""}), std::to_string(found.size()));
  chains_ = std::max(chains_, index + 1);
  return found[index];
}

INLAY_DECL void WeightLoader::finish() const {
  const auto refuse = [&](const SourceLocation& place, const std::string& name, std::string found) {
    fail(place, concat({"no member \"", name, "\", which this layer type does not have"}), std::move(found));
  };
  for (const auto& [name, value] : record_.values)
    if (!used_.contains(name)) refuse(value.place, name, value_text(value));
  for (const auto& [name, tensor] : record_.tensors)
    if (!used_.contains(name)) refuse(tensor.place, name, shape_text(tensor.shape));
  for (const auto& [name, chains] : record_.chains) {
    if (!used_.contains(name)) refuse(chains[0].place, name, "layers");
    if (chains.size() > chains_)
      fail(chains[chains_].place, concat({"at most ", chains_, " chains in \"", name, "\""}),
           std::to_string(chains.size()));
  }
}

INLAY_DECL void WeightLoader::fail(std::string place, std::string expected, std::string found) const {
  throw load_error(std::move(place), std::move(expected), std::move(found), layer_text());
}

INLAY_DECL std::string WeightLoader::layer_text() const {
  if (type_.empty()) return {};
  return concat(
      {"layer ", number_.text(), " of the model: ", type_, " ", std::to_string(in_), " -> ", std::to_string(out_)});
}

}  // namespace inlay::io

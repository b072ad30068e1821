#pragma once

#include <algorithm>
#include <utility>
#include <variant>

#include "inlay/io/limits.hpp"
#include "inlay/io/record.hpp"

namespace inlay::io {

namespace detail {

/// Returns the value of an option, or null if it is missing or of another type.
template <class V>
const V* value_of(const LayerRecord& record, std::string_view name) {
  const auto found = record.values.find(name);
  return found == record.values.end() ? nullptr : std::get_if<V>(&found->second.value);
}

}  // namespace detail

INLAY_DECL std::string_view type_of(const LayerRecord& record) { return std::get<std::string>(record.type.value); }

INLAY_DECL const SourceLocation& place_of(const LayerRecord& record, std::string_view name) {
  const auto found = record.values.find(name);
  return found == record.values.end() ? record.place : found->second.place;
}

INLAY_DECL std::string_view text_option(const LayerRecord& record, std::string_view name, std::string_view fallback) {
  const auto* value = detail::value_of<std::string>(record, name);
  return value ? std::string_view(*value) : fallback;
}
INLAY_DECL bool flag_option(const LayerRecord& record, std::string_view name, bool fallback) {
  const auto* value = detail::value_of<bool>(record, name);
  return value ? *value : fallback;
}

INLAY_DECL std::size_t number_option(const LayerRecord& record, std::string_view name, std::size_t fallback) {
  const auto* value = detail::value_of<std::size_t>(record, name);
  return value ? *value : fallback;
}

INLAY_DECL std::size_t tensor_size(const LayerRecord& record, std::string_view name) {
  const auto found = record.tensors.find(name);
  return found == record.tensors.end() ? 0 : found->second.values.size();
}

INLAY_DECL std::size_t number_of(const LayerRecord& record, std::string_view name) {
  if (const auto* value = detail::value_of<std::size_t>(record, name)) return *value;
  throw load_error(record.place, concat({"a whole number \"", name, "\""}), "none");
}
INLAY_DECL std::size_t positive(const LayerRecord& record, std::string_view name) {
  const std::size_t value = number_of(record, name);
  if (value == 0) throw load_error(place_of(record, name), "a whole number above 0", "0");
  return value;
}

INLAY_DECL const ChainRecord& chain_of(const LayerRecord& record, std::string_view name, std::size_t index) {
  const auto found = record.chains.find(name);
  if (found != record.chains.end() && index < found->second.size()) return found->second[index];
  throw load_error(record.place, concat({"an array of layers \"", name, "\""}), "none");
}

INLAY_DECL std::size_t width_of(const ChainRecord& chain) {
  if (chain.layers.empty()) throw load_error(chain.place, "at least one layer that computes something", "none");
  const LayerRecord& first = chain.layers.front();
  const std::string_view type = type_of(first);
  const std::size_t features = first.values.contains("features") ? number_of(first, "features") : 1;
  for (const char* name : {"in", "size", "channels"})
    if (first.values.contains(name))
      return number_of(first, name) * features * (type == "gate" || type == "blend" ? 2 : 1);
  if (first.values.contains("samples")) return number_of(first, "samples") + (type == "irfft" ? 2 : 0);
  if (first.values.contains("bins")) return number_of(first, "bins") * (type == "complex_product" ? 4 : 2);
  if (type == "overlap_add") return 1;
  if (first.chains.empty())
    throw load_error(first.place, "an option with the number of input channels: \"in\", \"size\" or \"channels\"",
                     "none");
  std::size_t width = 0;
  for (const auto& [name, chains] : first.chains)
    if (name == "layers" || name == "branches")
      for (const ChainRecord& inner : chains) width = (type == "split" ? width : 0) + features * width_of(inner);
  if (width == 0)
    throw load_error(first.place, "inner layers with the option \"in\", \"size\" or \"channels\"", "none");
  return width;
}

INLAY_DECL void refuse(const LayerRecord& record, std::string_view expected, std::size_t found) {
  refuse(record.place, expected, found);
}

INLAY_DECL void expect_past(const SourceLocation& place, std::size_t frames, std::size_t channels) {
  if (channels == 0 || frames <= limits::past_values / channels) return;
  throw load_error(place, concat({"at most ", limits::past_values / channels, " past frames"}), std::to_string(frames));
}

INLAY_DECL void expect_only(const Members& members, const LayerRecord& record) {
  const auto refuse_member = [](const SourceLocation& place, std::string_view name) {
    throw load_error(place, "only members of this layer type", concat({"\"", name, "\""}));
  };
  const auto is_among = [](std::span<const std::string_view> names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const auto& [name, value] : record.values)
    if (!is_among(members.options, name)) refuse_member(value.place, name);
  for (const auto& [name, tensor] : record.tensors) refuse_member(tensor.place, name);
  for (const auto& [name, chains] : record.chains) {
    if (!is_among(members.chains, name)) refuse_member(chains[0].place, name);
    if (chains.size() > members.most) refuse_member(chains[members.most].place, name);
  }
}

}  // namespace inlay::io

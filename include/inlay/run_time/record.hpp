/// What the record of a layer says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::INLAY_ISA::run_time {

inline const std::string& type_of(const io::LayerRecord& record) { return std::get<std::string>(record.type.value); }

/// The value of an option, null where there is none of that kind.
template <class V>
const V* value_of(const io::LayerRecord& record, std::string_view name) {
  const auto found = record.values.find(name);
  return found == record.values.end() ? nullptr : std::get_if<V>(&found->second.value);
}

/// Where an option stands, or the layer that lacks it.
inline const io::Place& place_of(const io::LayerRecord& record, std::string_view name) {
  const auto found = record.values.find(name);
  return found == record.values.end() ? record.place : found->second.place;
}

[[noreturn]] inline void refuse(const io::LayerRecord& record, std::string expected, std::size_t found) {
  throw load_error(record.place, std::move(expected), std::to_string(found));
}

/// An option that is a whole number. Throws load_error where there is none.
inline std::size_t number_of(const io::LayerRecord& record, std::string_view name) {
  if (const auto* value = value_of<std::size_t>(record, name)) return *value;
  throw load_error(record.place, io::concat({"a whole number \"", name, "\""}), "none");
}

/// The same for one that is not 0.
inline std::size_t positive(const io::LayerRecord& record, std::string_view name) {
  const std::size_t value = number_of(record, name);
  if (value == 0) throw load_error(place_of(record, name), "a whole number above 0", "0");
  return value;
}

/// Refuses a past of `frames` times `channels` values that no network has, before memory is asked for.
inline void expect_past(const io::LayerRecord& record, std::string_view name, std::size_t frames,
                        std::size_t channels) {
  constexpr std::size_t most = std::size_t{1} << 26;
  if (channels == 0 || frames <= most / channels) return;
  throw load_error(place_of(record, name), io::concat({"a past of at most ", std::to_string(most), " values"}),
                   std::to_string(frames));
}

/// Layers within the layer. Throws load_error where there are none.
inline const io::ChainRecord& chain_of(const io::LayerRecord& record, std::string_view name, std::size_t index = 0) {
  const auto found = record.chains.find(name);
  if (found != record.chains.end() && index < found->second.size()) return found->second[index];
  throw load_error(record.place, io::concat({"an array of layers \"", name, "\""}), "none");
}

/// Channels that a chain takes, which one of its first layers says. Throws load_error where none does.
inline std::size_t width_of(const io::ChainRecord& chain) {
  const io::LayerRecord& first = chain.layers.front();
  const std::string& type = type_of(first);
  const std::size_t features = first.values.contains("features") ? number_of(first, "features") : 1;
  for (const char* name : {"in", "size", "channels"})
    if (first.values.contains(name))
      return number_of(first, name) * features * (type == "gate" || type == "blend" ? 2 : 1);
  if (first.chains.empty()) throw load_error(first.place, "its number of channels, \"in\" or \"size\"", "none");
  std::size_t width = 0;
  for (const auto& [name, chains] : first.chains)
    if (name == "layers" || name == "branches")
      for (const io::ChainRecord& inner : chains) width = (type == "split" ? width : 0) + width_of(inner);
  if (width == 0) throw load_error(first.place, "a layer that says how many channels it takes", "none");
  return width;
}

/// What a combinator's record holds, and how many chains of each name.
struct Members {
  std::vector<std::string_view> options, chains;
  std::size_t most = 1;
};

/// Refuses what a record holds beside its members.
inline void expect_only(const Members& members, const io::LayerRecord& record) {
  const auto complain = [](const io::Place& place, std::string_view name) {
    throw load_error(place, io::concat({"no \"", name, "\" in this layer"}), "one");
  };
  const auto is_among = [](const std::vector<std::string_view>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const auto& [name, value] : record.values)
    if (!is_among(members.options, name)) complain(value.place, name);
  for (const auto& [name, tensor] : record.tensors) complain(tensor.place, name);
  for (const auto& [name, chains] : record.chains) {
    if (!is_among(members.chains, name)) complain(chains[0].place, name);
    if (chains.size() > members.most) complain(chains[members.most].place, name);
  }
}

}  // namespace inlay::INLAY_ISA::run_time

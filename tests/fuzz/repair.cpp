#include "fuzz/repair.hpp"

#include <cctype>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <inlay/io/read_model.hpp>
#include <inlay/run_time.hpp>
#include <optional>
#include <string>
#include <string_view>

using nlohmann::json;

namespace fuzz {

namespace {

/// The value at a place such as `layers[2].kernel.data[17]`; null if there is none. A place inside of a flat list of
/// weights stands for the list.
json* find(json& document, std::string_view place) {
  json* at = &document;
  while (!place.empty()) {
    if (place[0] == '.') {
      place.remove_prefix(1);
    } else if (place[0] == '[') {
      std::size_t i = 0;
      const auto end = std::from_chars(place.data() + 1, place.data() + place.size(), i);
      place.remove_prefix(std::min(place.size(), static_cast<std::size_t>(end.ptr - place.data()) + 1));
      if (!at->is_array() || i >= at->size()) return at;
      at = &(*at)[i];
    } else {
      // Keys may contain points: the longest one that the object has.
      if (!at->is_object()) return nullptr;
      std::string_view key;
      for (const auto& member : at->items())
        if (place.starts_with(member.key()) && member.key().size() > key.size()) key = member.key();
      if (key.empty()) return nullptr;
      at = &(*at)[std::string(key)];
      place.remove_prefix(key.size());
    }
  }
  return at;
}

/// The number that an expectation begins with, such as "12 numbers".
std::optional<std::size_t> wanted(std::string_view expected) {
  std::size_t number = 0;
  const auto end = std::from_chars(expected.data(), expected.data() + expected.size(), number);
  if (end.ec != std::errc() || number > most_repaired) return std::nullopt;
  return number;
}

bool mend(json& document, const inlay::load_error& error) {
  json* const value = find(document, error.place());
  const auto number = wanted(error.expected());
  if (!value || !number) return false;
  if (value->is_array()) resize(*value, *number);
  else if (value->is_number()) *value = *number;
  else if (value->is_object() && value->contains("data")) resize((*value)["data"], *number);
  else return false;
  return true;
}

}  // namespace

void resize(json& array, std::size_t count) {
  const std::size_t size = array.size();
  if (count <= size) {
    while (array.size() > count) array.erase(array.size() - 1);
    return;
  }
  for (std::size_t i = size; i < count; ++i) array.push_back(size == 0 ? json(0.25) : json(array[i % size]));
}

void repair(json& document) {
  // A crash in here is no crash of an input of the fuzzer, which would be written to a file: this is.
  static const char* const trace = std::getenv("INLAY_FUZZ_REPAIR");
  for (int tries = 0; tries < 6; ++tries) {
    try {
      inlay::io::ModelFile file = inlay::io::read_model(inlay::io::json_of(document));
      file.check.reset();
      file.info.prewarm = 0;
      if (trace) std::ofstream(trace) << document.dump(-1, ' ', false, json::error_handler_t::replace);
      inlay::Model<float>::of(file);
      return;
    } catch (const inlay::load_error& error) {
      if (!mend(document, error)) return;
    }
  }
}

}  // namespace fuzz

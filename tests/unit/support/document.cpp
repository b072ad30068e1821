#include "document.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <inlay/io/formats.hpp>
#include <inlay/io/parse.hpp>
#include <inlay/io/read_model.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

using inlay::load_error;
using nlohmann::json;

namespace {

/// Removes the first key of a JSON pointer and returns it.
std::string first_key(std::string_view& at) {
  const std::size_t end = std::min(at.find('/', 1), at.size());
  std::string key(at.substr(1, end - 1));
  at.remove_prefix(end);
  return key;
}

/// Returns the value at a place, or null.
const json* find(const json* value, std::string_view at) {
  while (value && !at.empty()) {
    const std::string key = first_key(at);
    if (const auto* object = value->get_ptr<const json::object_t*>()) {
      const auto member = object->find(key);
      value = member == object->end() ? nullptr : &member->second;
    } else if (const auto* array = value->get_ptr<const json::array_t*>()) {
      const std::size_t i = std::stoul(key);
      value = i < array->size() ? &(*array)[i] : nullptr;
    } else {
      value = nullptr;
    }
  }
  return value;
}

[[noreturn]] void fail(std::string_view at, const char* what) {
  throw std::out_of_range("no " + std::string(what) + " at \"" + std::string(at) + "\" of the document");
}

const json& get(const json& document, std::string_view at) {
  const json* const value = find(&document, at);
  if (!value) fail(at, "value");
  return *value;
}

/// Returns the object or array that contains a place, and the last key.
std::pair<json*, std::string> holder(json& document, std::string_view at) {
  const std::size_t last = at.rfind('/');
  return {const_cast<json*>(&get(document, at.substr(0, last))), std::string(at.substr(last + 1))};
}

void add_numbers(const json& value, std::vector<double>& numbers) {
  if (const auto* array = value.get_ptr<const json::array_t*>())
    for (const json& each : *array) add_numbers(each, numbers);
  else if (value.is_number()) numbers.push_back(value.get<double>());
  else fail("", "array of numbers");
}

void add_places(const json& value, const std::string& place, std::vector<std::string>& places) {
  if (const auto* array = value.get_ptr<const json::array_t*>()) {
    for (std::size_t i = 0; i < array->size(); ++i) add_places((*array)[i], place + "/" + std::to_string(i), places);
  } else if (const auto* object = value.get_ptr<const json::object_t*>()) {
    for (const auto& [key, member] : *object) add_places(member, place + "/" + key, places);
  } else if (value.is_number()) {
    places.push_back(place);
  }
}

}  // namespace

Document::Document(std::string_view text) : json_(std::make_shared<json>(parse_json(text))) {}
Document Document::of_file(const std::filesystem::path& path) { return Document(inlay::io::read_text(path)); }

std::shared_ptr<json> Document::copy() const { return std::make_shared<json>(*json_); }

Document Document::with_json(std::string_view at, const json& value) const {
  const auto changed = copy();
  const auto [to, key] = holder(*changed, at);
  if (auto* object = to->get_ptr<json::object_t*>()) {
    (*object)[key] = value;
  } else if (auto* array = to->get_ptr<json::array_t*>()) {
    if (key == "-") array->push_back(value);
    else array->at(std::stoul(key)) = value;
  } else {
    fail(at, "place");
  }
  return Document(changed);
}
Document Document::with(std::string_view at, std::string_view text) const { return with_json(at, parse_json(text)); }
Document Document::with(std::string_view at, const Document& value) const { return with_json(at, *value.json_); }
Document Document::with(std::string_view at, double number) const { return with_json(at, json(number)); }
Document Document::with(std::string_view at, const std::vector<double>& numbers) const {
  json array(json::value_t::array);
  for (const double x : numbers) array.push_back(json(x));
  return with_json(at, array);
}

Document Document::without(std::string_view at) const {
  get(*json_, at);
  const auto changed = copy();
  const auto [from, key] = holder(*changed, at);
  if (auto* object = from->get_ptr<json::object_t*>()) object->erase(key);
  else from->erase(std::stoul(key));
  return Document(changed);
}

Document Document::operator[](std::string_view at) const {
  return Document(std::shared_ptr<const json>(json_, &get(*json_, at)));
}
bool Document::has(std::string_view at) const { return find(json_.get(), at) != nullptr; }
bool Document::is_null() const { return json_->is_null(); }
bool Document::is_text() const { return json_->is_string(); }
std::size_t Document::size() const { return json_->size(); }

double Document::number(std::string_view at) const {
  const json& value = get(*json_, at);
  if (!value.is_number()) fail(at, "number");
  return value.get<double>();
}
std::size_t Document::whole(std::string_view at) const {
  const auto* value = get(*json_, at).get_ptr<const json::number_unsigned_t*>();
  if (!value) fail(at, "whole number");
  return static_cast<std::size_t>(*value);
}
bool Document::flag(std::string_view at) const {
  const auto* value = get(*json_, at).get_ptr<const json::boolean_t*>();
  if (!value) fail(at, "true or false");
  return *value;
}
std::string Document::text(std::string_view at) const {
  const auto* value = get(*json_, at).get_ptr<const json::string_t*>();
  if (!value) fail(at, "string");
  return *value;
}
std::vector<double> Document::numbers(std::string_view at) const {
  std::vector<double> all;
  add_numbers(get(*json_, at), all);
  return all;
}
std::vector<std::string> Document::places_of_numbers() const {
  std::vector<std::string> places;
  add_places(*json_, "", places);
  return places;
}

bool Document::equals(const Document& other) const { return *json_ == *other.json_; }
std::string Document::dump() const { return json_->dump(); }

inlay::io::ModelFile Document::read(const inlay::io::ReadOptions& options) const {
  return inlay::io::read_model(inlay::io::json_of(*json_), options);
}
std::string_view Document::format() const { return inlay::io::format_of(inlay::io::json_of(*json_)).name; }

inlay::io::ModelFile read_json(const json& document) { return inlay::io::read_model(inlay::io::json_of(document)); }
json parse_json(std::string_view text) {
  inlay::io::parse(text);
  return json::parse(text);
}

std::string refusal(const Document& document) {
  try {
    document.read();
  } catch (const load_error& error) {
    return error.what();
  }
  return "was read";
}

void expect_refused(const Document& document, std::string_view place, const inlay::io::ReadOptions& options) {
  try {
    document.read(options);
    ADD_FAILURE() << "was read: " << place;
  } catch (const load_error& error) {
    EXPECT_EQ(error.place(), place) << error.what();
  }
}

void expect_read(const Document& document) { EXPECT_NO_THROW(document.read()); }

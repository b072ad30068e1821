/// Parsing of JSON text, with errors that name the path in the document.
#pragma once

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/io/error.hpp"
#include "inlay/io/other_kinds.hpp"

namespace inlay::io {

namespace detail {

/// SAX handler that builds a document and tracks the path, so that a syntax error is reported with its path, such as
/// `layers[0].shape[2]`, and its byte offset. Refuses duplicate keys, whose meaning JSON leaves open, and more than
/// `max_depth` levels of nesting.
class DocumentBuilder {
 public:
  using json = nlohmann::json;
  static constexpr std::size_t max_depth = 64;

  explicit DocumentBuilder(std::size_t size) : size_(size) {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(json::number_integer_t value) { return add(value); }
  bool number_unsigned(json::number_unsigned_t value) { return add(value); }
  bool number_float(json::number_float_t value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(json::binary_t&) { return false; }  // not in JSON text
  bool start_object(std::size_t) { return open(json::object()); }
  bool start_array(std::size_t) { return open(json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    if (open_.back()->contains(name))
      throw load_error(path(open_.size() - 1), "each key once", concat({"\"", name, "\" twice"}));
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t byte, const std::string& token, const json::exception& error) {
    const bool range = error.id == 406, ended = byte > size_;
    const std::string at = byte <= 1 ? "first byte" : concat({"byte ", std::to_string(byte - 1)});
    const std::string place = open_.empty() ? at : concat({path(open_.size()), " (", at, ")"});
    throw load_error(place, range ? "a number in the range of a double" : "JSON",
                     ended
                         ? "the end of the file"
                         : concat({"\"", token.substr(token.size() - std::min<std::size_t>(token.size(), 24)), "\""}));
  }

  json document;

 private:
  bool add(json value) {
    place(std::move(value));
    return true;
  }

  bool open(json value) {
    if (open_.size() == max_depth) throw load_error(path(1), "at most 64 levels of nesting", "more");
    open_.push_back(place(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  json* place(json value) {
    if (open_.empty()) {
      document = std::move(value);
      return &document;
    }
    json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[key_] = std::move(value));
  }

  /// Path of the value that is being read, within the first `depth` open values.
  std::string path(std::size_t depth) const {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) {
      const json& value = *open_[i];
      const bool innermost = i + 1 == open_.size();
      if (value.is_array()) {
        text += '[';
        text += std::to_string(innermost ? value.size() : value.size() - 1);
        text += ']';
      } else {
        const std::string name = innermost ? key_ : key_of(value, open_[i + 1]);
        if (!name.empty() && !text.empty()) text += '.';
        text += name;
      }
    }
    return text.empty() ? "root" : text;
  }

  static std::string key_of(const json& object, const json* member) {
    for (const auto& [name, value] : object.items())
      if (&value == member) return name;
    return {};
  }

  std::size_t size_;  // bytes of the text
  std::vector<json*> open_;
  std::string key_;
};

}  // namespace detail

/// Parses JSON text in UTF-8, with or without a byte order mark. Throws load_error.
inline nlohmann::json parse(std::string_view text) {
  if (text.empty()) throw load_error("start of file", "a JSON object", "an empty file");
  refuse_other_kinds(text);
  detail::DocumentBuilder builder(text.size());
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return std::move(builder.document);
}

}  // namespace inlay::io

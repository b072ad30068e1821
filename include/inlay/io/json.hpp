/// Json: a value of a JSON document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/core/compiled.hpp"
#include "inlay/io/limits.hpp"

namespace inlay::io {

/// A value of a JSON document. Small, as a model file holds millions of numbers.
class Json {
 public:
  enum class Type { null, boolean, negative, whole, real, string, array, object };  ///< negative: an integer below 0
  using Entries = std::vector<Json>;
  using Members = std::map<std::string, Json, std::less<>>;

  explicit Json(Type type = Type::null);  ///< null, or an empty string, array or object
  explicit Json(bool value);
  explicit Json(std::int64_t value);
  explicit Json(std::uint64_t value);
  explicit Json(double value);
  explicit Json(std::string value);
  Json(Json&&) noexcept;
  Json& operator=(Json&&) noexcept;
  ~Json();

  Type type() const noexcept { return type_; }
  bool is_null() const noexcept { return type_ == Type::null; }
  bool is_boolean() const noexcept { return type_ == Type::boolean; }
  bool is_whole() const noexcept { return type_ == Type::whole; }
  bool is_number() const noexcept { return is_whole() || type_ == Type::negative || type_ == Type::real; }
  bool is_string() const noexcept { return type_ == Type::string; }
  bool is_array() const noexcept { return type_ == Type::array; }
  bool is_object() const noexcept { return type_ == Type::object; }

  // The value, which must be of the type.
  bool boolean() const noexcept { return boolean_; }
  std::uint64_t whole() const noexcept { return whole_; }
  double number() const noexcept;
  const std::string& string() const noexcept;
  Entries& entries() noexcept;
  const Entries& entries() const noexcept;
  Members& members() noexcept;
  const Members& members() const noexcept;

  /// The value as JSON text, in one line without spaces.
  std::string text() const;

 private:
  struct Contents;

  Type type_;
  union {
    bool boolean_;
    std::int64_t negative_;
    std::uint64_t whole_;
    double real_;
  };
  std::unique_ptr<Contents> contents_;  ///< of a string, an array or an object
};

/// Returns a string as JSON text, in quotes. Bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

/// Throws load_error: more levels of nesting than `limits::nesting`.
[[noreturn]] void refuse_nesting(std::string_view place);

/// Converts a document of nlohmann::json, whose values are inside of `depth` others. Throws load_error if it is nested
/// too deeply.
template <class Document>
Json json_of(const Document& document, std::size_t depth = 0) {
  if (document.is_boolean()) return Json(document.template get<bool>());
  if (document.is_number_unsigned()) return Json(document.template get<std::uint64_t>());
  if (document.is_number_integer()) return Json(document.template get<std::int64_t>());
  if (document.is_number()) return Json(document.template get<double>());
  if (document.is_string()) return Json(document.template get<std::string>());
  Json json(document.is_array() ? Json::Type::array : document.is_object() ? Json::Type::object : Json::Type::null);
  if (depth >= limits::nesting && document.is_structured()) refuse_nesting("root");
  if (json.is_array())
    for (const Document& entry : document) json.entries().push_back(json_of(entry, depth + 1));
  if (json.is_object())
    for (const auto& member : document.items())
      json.members().emplace(member.key(), json_of(member.value(), depth + 1));
  return json;
}

}  // namespace inlay::io

#if !defined(INLAY_COMPILED)
#include "inlay/io/json.ipp"
#endif

/// JsonCursor: a value of a JSON document together with its path, which error messages name.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/io/error.hpp"

namespace inlay::io {

/// Upper limit of an extent. A larger one indicates a damaged file and is refused before memory is allocated.
inline constexpr std::size_t max_extent = 65536;

/// Upper limit of the frames of silence before a signal: 5.8 minutes at 48 kHz.
inline constexpr std::size_t max_prewarm = std::size_t{1} << 24;

/// Returns whether a number is in the range of a float; it may be rounded.
inline bool is_float(double x) { return std::abs(x) <= static_cast<double>(std::numeric_limits<float>::max()); }

/// Typed access to a JSON value. A value of the wrong type or range throws load_error with the path of the value.
class JsonCursor {
 public:
  JsonCursor(const nlohmann::json& value, std::string place) : value_(&value), place_(std::move(place)) {}

  const nlohmann::json& json() const noexcept { return *value_; }
  const std::string& place() const noexcept { return place_; }

  [[noreturn]] void fail(std::string expected) const { fail(std::move(expected), describe()); }
  [[noreturn]] void fail(std::string expected, std::string found) const {
    throw load_error(place_.empty() ? "root" : place_, std::move(expected), std::move(found));
  }

  /// Member of an object. If there is none, the error names the object.
  JsonCursor operator[](std::string_view key) const {
    if (auto node = find(key)) return *node;
    fail(concat({"a member \"", key, "\""}), "none");
  }
  std::optional<JsonCursor> find(std::string_view key) const {
    object();
    const auto member = value_->find(std::string(key));
    if (member == value_->end()) return std::nullopt;
    return JsonCursor(*member, place_.empty() ? std::string(key) : concat({place_, ".", key}));
  }
  JsonCursor operator[](std::size_t i) const {
    return JsonCursor((*value_)[i], concat({place_, "[", std::to_string(i), "]"}));
  }
  JsonCursor back() const {
    if (size() == 0) fail("at least one entry");
    return (*this)[size() - 1];
  }

  const JsonCursor& object() const {
    if (!value_->is_object()) fail("an object");
    return *this;
  }
  /// Number of entries of an array.
  std::size_t size() const {
    if (!value_->is_array()) fail("an array");
    return value_->size();
  }
  /// The value as JSON text.
  std::string text() const { return value_->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }
  std::string string() const {
    if (!value_->is_string()) fail("a string");
    return value_->get<std::string>();
  }
  bool boolean() const {
    if (!value_->is_boolean()) fail("true or false");
    return value_->get<bool>();
  }
  /// A finite number. JSON text cannot hold others, but a document made by a program can.
  double number() const {
    if (!value_->is_number()) fail("a number");
    if (const double x = value_->get<double>(); std::isfinite(x)) return x;
    fail("a finite number");
  }
  /// A number in the range of a float, not rounded.
  double in_float_range() const {
    if (const double x = number(); is_float(x)) return x;
    fail("a number in the range of a float");
  }
  double positive() const {
    if (const double x = number(); x > 0) return x;
    fail("a number above zero");
  }
  /// Returns whether the value is a non-negative integer.
  bool is_whole() const {
    return value_->is_number_unsigned() ||
           (value_->is_number_integer() && value_->get<nlohmann::json::number_integer_t>() >= 0);
  }
  std::size_t whole(std::size_t least, std::size_t most = max_extent) const {
    if (is_whole())
      if (const auto n = value_->get<nlohmann::json::number_unsigned_t>(); n >= least && n <= most)
        return static_cast<std::size_t>(n);
    fail(concat({"a whole number from ", std::to_string(least), " to ", std::to_string(most)}));
  }

  /// Short description of the value for error messages.
  std::string describe() const {
    switch (value_->type()) {
      case nlohmann::json::value_t::object:
        return "an object";
      case nlohmann::json::value_t::array:
        return concat({"an array of ", std::to_string(value_->size())});
      case nlohmann::json::value_t::string:
        return concat({"\"", value_->get<std::string>().substr(0, 40), "\""});
      case nlohmann::json::value_t::number_float:
        if (const double x = value_->get<double>(); !std::isfinite(x))
          return std::isnan(x) ? "NaN" : x > 0 ? "infinity" : "-infinity";
        return value_->dump();
      default:
        return value_->dump();
    }
  }

 private:
  const nlohmann::json* value_;
  std::string place_;
};

}  // namespace inlay::io

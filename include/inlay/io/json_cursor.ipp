#pragma once

#include "inlay/io/json_cursor.hpp"

namespace inlay::io {

namespace detail {

/// Short description of a value for error messages.
INLAY_ONCE std::string describe(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return concat({"an array of ", value.entries().size()});
  if (value.is_string()) return concat({"\"", std::string_view(value.string()).substr(0, 40), "\""});
  if (const double x = value.is_number() ? value.number() : 0; !std::isfinite(x))
    return std::isnan(x) ? "NaN" : x > 0 ? "infinity" : "-infinity";
  return value.text();
}

}  // namespace detail

INLAY_DECL void JsonCursor::fail(std::string_view expected) const { fail(expected, detail::describe(*value_)); }
INLAY_DECL void JsonCursor::fail(std::string_view expected, std::string_view found) const {
  throw load_error(place_.empty() ? "root" : place_, expected, found);
}
INLAY_DECL void JsonCursor::fail(std::string_view expected, std::size_t found) const {
  fail(expected, concat({found}));
}

INLAY_DECL JsonCursor JsonCursor::operator[](std::string_view key) const {
  if (auto node = find(key)) return std::move(*node);
  fail(concat({"a member \"", key, "\""}), "none");
}
INLAY_DECL std::optional<JsonCursor> JsonCursor::find(std::string_view key) const {
  const Json::Members& members = object().value_->members();
  const auto member = members.find(key);
  if (member == members.end()) return std::nullopt;
  return JsonCursor(member->second, concat({place_, place_.empty() ? "" : ".", key}));
}
INLAY_DECL JsonCursor JsonCursor::operator[](std::size_t i) const {
  return JsonCursor(value_->entries()[i], concat({place_, "[", i, "]"}));
}
INLAY_DECL JsonCursor JsonCursor::back() const {
  if (size() == 0) fail("at least one entry");
  return (*this)[size() - 1];
}

INLAY_DECL const JsonCursor& JsonCursor::object() const {
  if (!value_->is_object()) fail("an object");
  return *this;
}
INLAY_DECL std::size_t JsonCursor::size() const {
  if (!value_->is_array()) fail("an array");
  return value_->entries().size();
}
INLAY_DECL const std::string& JsonCursor::string() const {
  if (!value_->is_string()) fail("a string");
  return value_->string();
}
INLAY_DECL bool JsonCursor::boolean() const {
  if (!value_->is_boolean()) fail("true or false");
  return value_->boolean();
}
INLAY_DECL double JsonCursor::number() const {
  if (!value_->is_number()) fail("a number");
  if (const double x = value_->number(); std::isfinite(x)) return x;
  fail("a finite number");
}
INLAY_DECL double JsonCursor::in_float_range() const {
  if (const double x = number(); is_float(x)) return x;
  fail("a number in the range of a float");
}
INLAY_DECL double JsonCursor::positive() const {
  if (const double x = number(); x > 0) return x;
  fail("a number above zero");
}
INLAY_DECL std::size_t JsonCursor::whole(std::size_t least, std::size_t most) const {
  if (value_->is_whole() && value_->whole() >= least && value_->whole() <= most)
    return static_cast<std::size_t>(value_->whole());
  fail(concat({"a whole number from ", least, " to ", most}));
}

INLAY_DECL bool JsonCursor::is(double number) const { return value_->is_number() && value_->number() == number; }
INLAY_DECL bool JsonCursor::is(std::string_view text) const { return value_->is_string() && value_->string() == text; }

}  // namespace inlay::io

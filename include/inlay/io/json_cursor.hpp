/// JsonCursor: a value of a JSON document together with its path, which error messages name.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "inlay/core/compiled.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/json.hpp"
#include "inlay/io/limits.hpp"

namespace inlay::io {

/// Returns whether a number is in the range of a float; it may be rounded.
inline bool is_float(double x) { return std::abs(x) <= static_cast<double>(std::numeric_limits<float>::max()); }

/// Typed access to a JSON value. A value of the wrong type or range throws load_error with the path of the value.
class JsonCursor {
 public:
  JsonCursor(const Json& value, std::string place) : value_(&value), place_(std::move(place)) {}

  const Json& json() const noexcept { return *value_; }
  const std::string& place() const noexcept { return place_; }

  /// Throws load_error at this value. `found` is its short description if it is not given.
  [[noreturn]] void fail(std::string_view expected) const;
  [[noreturn]] void fail(std::string_view expected, std::string_view found) const;
  [[noreturn]] void fail(std::string_view expected, std::size_t found) const;

  /// Member of an object. If there is none, the error names the object.
  JsonCursor operator[](std::string_view key) const;
  std::optional<JsonCursor> find(std::string_view key) const;
  /// Entry of an array, or the last one.
  JsonCursor operator[](std::size_t i) const;
  JsonCursor back() const;

  const JsonCursor& object() const;
  /// Number of entries of an array.
  std::size_t size() const;
  const std::string& string() const;
  bool boolean() const;
  /// A finite number. JSON text cannot hold others, but a document made by a program can.
  double number() const;
  /// A number in the range of a float, not rounded.
  double in_float_range() const;
  double positive() const;
  std::size_t whole(std::size_t least, std::size_t most = limits::channels) const;

  /// Returns whether the value is this number or text.
  bool is(double number) const;
  bool is(std::string_view text) const;

 private:
  const Json* value_;
  std::string place_;
};

}  // namespace inlay::io

#if !defined(INLAY_COMPILED)
#include "inlay/io/json_cursor.ipp"
#endif

/// load_error: the exception of all readers and loaders.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include "inlay/core/compiled.hpp"

namespace inlay {

namespace io {

/// A part of a text: a string, or an integer that is not negative.
class TextPart {
 public:
  TextPart(const char* text) : text_(text) {}
  TextPart(std::string_view text) : text_(text) {}
  TextPart(const std::string& text) : text_(text) {}
  template <class Number>
    requires(std::same_as<Number, std::size_t> || std::same_as<Number, std::uint64_t>)
  TextPart(Number number) : text_(written(number)) {}
  TextPart(const TextPart&) = delete;
  TextPart& operator=(const TextPart&) = delete;

  std::string_view text() const noexcept { return text_; }

 private:
  std::string_view written(std::uint64_t number);

  char digits_[20];
  std::string_view text_;
};

/// Concatenates strings and numbers.
std::string concat(std::initializer_list<TextPart> parts);

}  // namespace io

/// Thrown when a model cannot be loaded. States the place in the file, the layer of the model type, the expected value
/// and the found value. The model that was being loaded is unchanged.
class load_error : public std::runtime_error {
 public:
  load_error(std::string_view place, std::string_view expected, std::string_view found, std::string_view layer = {},
             std::string_view source = {});

  /// Place in the file, such as `layers[2].kernel.data[17]`.
  const std::string& place() const noexcept { return place_; }
  /// Layer of the model type, such as `layer 2 of the model: dense 20 -> 1`; empty if the error is not about a layer.
  const std::string& layer() const noexcept { return layer_; }
  /// The expected and the found value, as texts.
  const std::string& expected() const noexcept { return expected_; }
  const std::string& found() const noexcept { return found_; }
  /// Path of the file; empty if the model was not loaded from a path.
  const std::string& source() const noexcept { return source_; }

  /// Returns a copy of this error with `source` as the path of the file.
  load_error from(std::string_view source) const;

 private:
  std::string place_, layer_, expected_, found_, source_;
};

namespace io {

/// Throw load_error. Functions, as a call takes less code than a throw expression.
[[noreturn]] void refuse(std::string_view place, std::string_view expected, std::string_view found);
[[noreturn]] void refuse(std::string_view place, std::string_view expected, std::size_t found);

}  // namespace io
}  // namespace inlay

#if !defined(INLAY_COMPILED)
#include "inlay/io/error.ipp"
#endif

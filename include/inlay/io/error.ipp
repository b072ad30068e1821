#pragma once

#include <charconv>

#include "inlay/io/error.hpp"

namespace inlay {

namespace io {

INLAY_DECL std::string_view TextPart::written(std::uint64_t number) {
  return {digits_, static_cast<std::size_t>(std::to_chars(digits_, digits_ + sizeof digits_, number).ptr - digits_)};
}

// Avoids operator+: GCC 12 gives a false warning if one operand is a literal (GCC bug 105651).
INLAY_DECL std::string concat(std::initializer_list<TextPart> parts) {
  std::string text;
  for (const TextPart& part : parts) text.append(part.text());
  return text;
}

namespace detail {

/// Replaces control characters, which text from a file may contain, so that an error message is one line.
INLAY_ONCE std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ') c = '?';
  return line;
}

}  // namespace detail
}  // namespace io

INLAY_DECL load_error::load_error(std::string_view place, std::string_view expected, std::string_view found,
                                  std::string_view layer, std::string_view source)
    : std::runtime_error(
          io::detail::one_line(io::concat({source, source.empty() ? "" : ": ", place, layer.empty() ? "" : " (", layer,
                                           layer.empty() ? "" : ")", ": expected ", expected, ", found ", found}))),
      place_(io::detail::one_line(place)),
      layer_(layer),
      expected_(expected),
      found_(io::detail::one_line(found)),
      source_(source) {}

INLAY_DECL load_error load_error::from(std::string_view source) const {
  return load_error(place_, expected_, found_, layer_, source);
}

namespace io {

INLAY_DECL void refuse(std::string_view place, std::string_view expected, std::string_view found) {
  throw load_error(place, expected, found);
}
INLAY_DECL void refuse(std::string_view place, std::string_view expected, std::size_t found) {
  throw load_error(place, expected, concat({found}));
}

}  // namespace io
}  // namespace inlay

#pragma once

#include <utility>

#include "inlay/io/error.hpp"

namespace inlay {

namespace io {

// Avoids operator+: GCC 12 gives a false warning if one operand is a literal (GCC bug 105651).
INLAY_DECL std::string concat(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (std::string_view part : parts) text.append(part);
  return text;
}

namespace detail {

/// Replaces control characters, which text from a file may contain, so that an error message is one line.
inline std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = '?';
  return text;
}

}  // namespace detail
}  // namespace io

INLAY_DECL load_error::load_error(std::string place, std::string expected, std::string found, std::string layer,
                                  std::string source)
    : std::runtime_error(
          io::detail::one_line(io::concat({source, source.empty() ? "" : ": ", place, layer.empty() ? "" : " (", layer,
                                           layer.empty() ? "" : ")", ": expected ", expected, ", found ", found}))),
      place_(io::detail::one_line(std::move(place))),
      layer_(std::move(layer)),
      expected_(std::move(expected)),
      found_(io::detail::one_line(std::move(found))),
      source_(std::move(source)) {}

INLAY_DECL load_error load_error::from(std::string source) const {
  return load_error(place_, expected_, found_, layer_, std::move(source));
}

}  // namespace inlay

/// Texts of numbers, whatever the locale.
#pragma once

#include <charconv>
#include <cstdio>
#include <string>

#include "inlay/core/compiled.hpp"

#if defined(_LIBCPP_VERSION) && _LIBCPP_VERSION < 14000
#include <nlohmann/json.hpp>
#define INLAY_HAS_TO_CHARS 0  // std::to_chars writes integers only
#else
#define INLAY_HAS_TO_CHARS 1
#endif

namespace inlay::io::detail {

/// Formats a number with at most 9 digits.
INLAY_ONCE std::string number_text(double x) {
  char text[32];
#if INLAY_HAS_TO_CHARS
  return {text, std::to_chars(text, text + sizeof text, x, std::chars_format::general, 9).ptr};
#else
  return {text, static_cast<std::size_t>(std::snprintf(text, sizeof text, "%.9g", x))};
#endif
}

/// Returns the shortest text that reads back to the same number.
template <class T>
std::string shortest_text(T x) {
  char text[64];
#if INLAY_HAS_TO_CHARS
  return {text, std::to_chars(text, text + sizeof text, x).ptr};
#else
  return {text, nlohmann::detail::to_chars(text, text + sizeof text, x)};
#endif
}

}  // namespace inlay::io::detail

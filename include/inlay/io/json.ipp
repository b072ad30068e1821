#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "inlay/io/error.hpp"
#include "inlay/io/json.hpp"

namespace inlay::io {

namespace detail {

/// Formats a number as nlohmann's `dump` does, which takes longer to compile.
INLAY_ONCE std::string real_text(double x) {
  if (!std::isfinite(x)) return "null";
  char text[64];
  return {text, nlohmann::detail::to_chars(text, text + sizeof text, x)};
}

/// The first character of a text in UTF-8.
struct Utf8Start {
  std::size_t size;  ///< in bytes
  bool valid;        ///< otherwise these bytes are the start of a character, without the rest
};
INLAY_ONCE Utf8Start utf8_start(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {1, true};
  if (first < 0xc2 || first > 0xf4) return {1, false};
  // The second byte excludes longer codes than needed, surrogates and characters above U+10FFFF.
  unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (std::size_t i = 1; i < size; ++i, least = 0x80, most = 0xbf)
    if (i == text.size() || byte(i) < least || byte(i) > most) return {i, false};
  return {size, true};
}

}  // namespace detail

struct Json::Contents {
  std::string string;
  Entries entries;
  Members members;
};

INLAY_DECL Json::Json(Type type)
    : type_(type), whole_(0), contents_(type < Type::string ? nullptr : std::make_unique<Contents>()) {}
INLAY_DECL Json::Json(bool value) : type_(Type::boolean), boolean_(value) {}
INLAY_DECL Json::Json(std::uint64_t value) : type_(Type::whole), whole_(value) {}
INLAY_DECL Json::Json(double value) : type_(Type::real), real_(value) {}
INLAY_DECL Json::Json(std::int64_t value) : type_(value < 0 ? Type::negative : Type::whole), negative_(value) {
  if (value >= 0) whole_ = static_cast<std::uint64_t>(value);
}
INLAY_DECL Json::Json(std::string value) : Json(Type::string) { contents_->string = std::move(value); }
INLAY_DECL Json::Json(Json&&) noexcept = default;
INLAY_DECL Json& Json::operator=(Json&&) noexcept = default;
INLAY_DECL Json::~Json() = default;

INLAY_DECL double Json::number() const noexcept {
  if (type_ == Type::real) return real_;
  return is_whole() ? static_cast<double>(whole_) : static_cast<double>(negative_);
}
INLAY_DECL const std::string& Json::string() const noexcept { return contents_->string; }
INLAY_DECL Json::Entries& Json::entries() noexcept { return contents_->entries; }
INLAY_DECL const Json::Entries& Json::entries() const noexcept { return contents_->entries; }
INLAY_DECL Json::Members& Json::members() noexcept { return contents_->members; }
INLAY_DECL const Json::Members& Json::members() const noexcept { return contents_->members; }

INLAY_DECL std::string Json::text() const {
  std::string text;
  switch (type_) {
    case Type::null:
      return "null";
    case Type::boolean:
      return boolean_ ? "true" : "false";
    case Type::negative:
      return std::to_string(negative_);
    case Type::whole:
      return std::to_string(whole_);
    case Type::real:
      return detail::real_text(real_);
    case Type::string:
      return json_string(string());
    case Type::array:
      for (const Json& entry : entries()) {
        text += text.empty() ? '[' : ',';
        text += entry.text();
      }
      return text.empty() ? "[]" : text += ']';
    case Type::object:
      for (const auto& [name, member] : members()) {
        text += text.empty() ? '{' : ',';
        text += json_string(name);
        text += ':';
        text += member.text();
      }
      return text.empty() ? "{}" : text += '}';
  }
  return text;
}

INLAY_DECL void refuse_nesting(std::string_view place) {
  throw load_error(place, concat({"at most ", limits::nesting, " levels of nesting"}), "more");
}

INLAY_DECL std::string json_string(std::string_view text) {
  constexpr std::string_view escaped = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
  std::string json = "\"";
  while (!text.empty()) {
    const auto [size, valid] = detail::utf8_start(text);
    const auto c = static_cast<unsigned char>(text[0]);
    if (const std::size_t i = escaped.find(text[0]); i != escaped.npos) json += {'\\', letters[i]};
    else if (c < ' ') json += {'\\', 'u', '0', '0', c < 16 ? '0' : '1', "0123456789abcdef"[c % 16]};
    else json += valid ? text.substr(0, size) : "\xef\xbf\xbd";
    text.remove_prefix(size);
  }
  return json += '"';
}

}  // namespace inlay::io

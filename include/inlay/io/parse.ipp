#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "inlay/io/error.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/other_kinds.hpp"
#include "inlay/io/parse.hpp"

namespace inlay::io {

namespace detail {

/// Builds a document from the tokens of nlohmann's lexer. The lexer is not of nlohmann's public interface, but the
/// parser around it takes as long to compile as all readers.
class Parser {
 public:
  explicit Parser(std::string_view text)
      : size_(text.size()), lexer_(nlohmann::detail::input_adapter(text.begin(), text.end())) {}

  Json document() {
    Json document = first_part(lexer_.scan());
    read_inside(document);
    if (lexer_.scan() != Token::end_of_input) refuse_token("JSON");
    return document;
  }

 private:
  using Input = decltype(nlohmann::detail::input_adapter(std::string_view().begin(), std::string_view().end()));
  using Lexer = nlohmann::detail::lexer<nlohmann::json, Input>;
  using Token = Lexer::token_type;

  /// Returns the value that begins with a token; of an array or an object, an empty one.
  Json first_part(Token token) {
    switch (token) {
      case Token::literal_null:
        return Json();
      case Token::literal_true:
        return Json(true);
      case Token::literal_false:
        return Json(false);
      case Token::value_integer:
        return Json(std::int64_t{lexer_.get_number_integer()});
      case Token::value_unsigned:
        return Json(std::uint64_t{lexer_.get_number_unsigned()});
      case Token::value_float:
        if (!std::isfinite(lexer_.get_number_float())) refuse_token("a number in the range of a double");
        return Json(double{lexer_.get_number_float()});
      case Token::value_string:
        return Json(std::move(lexer_.get_string()));
      case Token::begin_array:
      case Token::begin_object:
        if (open_.size() == limits::nesting) refuse_nesting(path(1));
        return Json(token == Token::begin_array ? Json::Type::array : Json::Type::object);
      default:
        refuse_token("JSON");
    }
  }

  /// Reads the entries or the members of a value, up to its end.
  void read_inside(Json& value) {
    if (!value.is_array() && !value.is_object()) return;
    const Token end = value.is_array() ? Token::end_array : Token::end_object;
    open_.push_back(&value);
    Token token = lexer_.scan();
    while (token != end) {
      if (value.is_array()) read_inside(value.entries().emplace_back(first_part(token)));
      else read_member(value.members(), token);
      token = lexer_.scan();
      if (token == end) break;
      if (token != Token::value_separator) refuse_token("JSON");
      token = lexer_.scan();
      if (token == end) refuse_token("JSON");
    }
    open_.pop_back();
  }

  void read_member(Json::Members& members, Token token) {
    if (token != Token::value_string) refuse_token("JSON");
    if (members.contains(lexer_.get_string()))
      throw load_error(path(open_.size() - 1), "each key once", concat({"\"", lexer_.get_string(), "\" twice"}));
    key_ = std::move(lexer_.get_string());
    if (lexer_.scan() != Token::name_separator) refuse_token("JSON");
    Json first = first_part(lexer_.scan());
    read_inside(members.emplace(key_, std::move(first)).first->second);
  }

  /// Throws load_error at the token that was read last.
  [[noreturn]] void refuse_token(const char* expected) const {
    const std::size_t byte = lexer_.get_position().chars_read_total;
    const std::string at = byte <= 1 ? "first byte" : concat({"byte ", byte - 1});
    const std::string place = open_.empty() ? at : concat({path(open_.size()), " (", at, ")"});
    if (byte > size_) throw load_error(place, expected, "the end of the file");
    const std::string token = lexer_.get_token_string();
    throw load_error(
        place, expected,
        concat({"\"", std::string_view(token).substr(token.size() - std::min<std::size_t>(token.size(), 24)), "\""}));
  }

  /// Path of the value that is being read, within the first `depth` open values.
  std::string path(std::size_t depth) const {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) {
      const Json& value = *open_[i];
      const bool innermost = i + 1 == open_.size();
      if (value.is_array()) {
        text += concat({"[", value.entries().size() - (innermost ? 0 : 1), "]"});
      } else {
        const std::string name = innermost ? key_ : key_of(value, open_[i + 1]);
        if (!name.empty() && !text.empty()) text += '.';
        text += name;
      }
    }
    return text.empty() ? "root" : text;
  }

  static std::string key_of(const Json& object, const Json* member) {
    for (const auto& [name, value] : object.members())
      if (&value == member) return name;
    return {};
  }

  std::size_t size_;  // bytes of the text
  Lexer lexer_;
  std::vector<const Json*> open_;  // arrays and objects that are being read, the outermost first
  std::string key_;                // the last key that was read
};

}  // namespace detail

INLAY_DECL void refuse_size(std::string_view found) {
  throw load_error("file", concat({"at most ", limits::file_bytes, " bytes"}), found);
}

INLAY_DECL Json parse(std::string_view text) {
  if (text.empty()) throw load_error("start of file", "a JSON object", "an empty file");
  if (text.size() > limits::file_bytes) refuse_size(std::to_string(text.size()));
  refuse_other_kinds(text);
  return detail::Parser(text).document();
}

}  // namespace inlay::io

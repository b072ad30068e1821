#pragma once

#include <nlohmann/json.hpp>
#include <utility>

#include "inlay/io/json.hpp"

namespace inlay::io {

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
      return nlohmann::json(real_).dump();
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

INLAY_DECL std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace inlay::io

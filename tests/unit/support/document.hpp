// A JSON document that tests read and change. Only document.cpp includes the JSON library, because every few lines that
// use it take a second to compile.
#pragma once

#include <cstddef>
#include <filesystem>
#include <inlay/io/model_file.hpp>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

/// Immutable; `with` and `without` return changed copies. Places are JSON pointers, such as "/layers/0/size"; "" is the
/// whole document. A missing place throws std::out_of_range.
class Document {
 public:
  /// Parses JSON text. Throws load_error.
  explicit Document(std::string_view text);
  static Document of_file(const std::filesystem::path& path);

  /// Returns a copy with `value` at a place that exists or is a new member of an object; "/layers/-" appends to layers.
  /// The value is JSON text, a part of a document, a number (also one that JSON text cannot have), or an array.
  Document with(std::string_view at, std::string_view text) const;
  Document with(std::string_view at, const Document& value) const;
  Document with(std::string_view at, double number) const;
  Document with(std::string_view at, const std::vector<double>& numbers) const;
  Document without(std::string_view at) const;

  Document operator[](std::string_view at) const;
  bool has(std::string_view at) const;
  bool is_null() const;
  bool is_text() const;
  /// Number of entries of an array or an object.
  std::size_t size() const;
  /// These throw if the value has another type.
  double number(std::string_view at = "") const;
  std::size_t whole(std::string_view at = "") const;
  bool flag(std::string_view at = "") const;
  std::string text(std::string_view at = "") const;
  /// All numbers in order, also those of nested arrays.
  std::vector<double> numbers(std::string_view at = "") const;
  /// Places of the numbers.
  std::vector<std::string> places_of_numbers() const;

  friend bool operator==(const Document& a, const Document& b) { return a.equals(b); }
  /// JSON text.
  std::string dump() const;
  const nlohmann::json& value() const { return *json_; }

  /// Reads the document with inlay. Throws load_error.
  inlay::io::ModelFile read(const inlay::io::ReadOptions& options = {}) const;
  /// Returns the name of the document's format. Throws load_error.
  std::string_view format() const;

 private:
  explicit Document(std::shared_ptr<const nlohmann::json> json) : json_(std::move(json)) {}
  bool equals(const Document& other) const;
  std::shared_ptr<nlohmann::json> copy() const;
  Document with_json(std::string_view at, const nlohmann::json& value) const;

  std::shared_ptr<const nlohmann::json> json_;
};

/// Reads a JSON value of the library with inlay.
inlay::io::ModelFile read_json(const nlohmann::json& document);
nlohmann::json parse_json(std::string_view text);

/// Reads a document. Returns the message of the error, or "was read".
std::string refusal(const Document& document);

/// Expects an error at `place` when a document is read.
void expect_refused(const Document& document, std::string_view place, const inlay::io::ReadOptions& options = {});
/// Expects that a document can be read.
void expect_read(const Document& document);

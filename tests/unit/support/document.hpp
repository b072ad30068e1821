// A JSON document that tests change and read numbers from. The JSON library itself is compiled in document.cpp alone:
// elsewhere it takes a compiler a second for every few lines that use it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <inlay/io/model_file.hpp>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

/// Cannot be changed; `with` and `without` give changed copies. Places are JSON pointers, such as "/layers/0/size" and
/// "" for all of it. A place that has to be there and is not is a std::out_of_range.
class Document {
 public:
  /// Of JSON text. Throws load_error.
  explicit Document(std::string_view text);
  static Document of_file(const std::filesystem::path& path);

  /// With another value at a place that is there or is a new member of an object; "/layers/-" is behind the last layer.
  /// The value is JSON text, a part of a document, a number (which may be none that JSON text has), or an array.
  Document with(std::string_view at, std::string_view text) const;
  Document with(std::string_view at, const Document& value) const;
  Document with(std::string_view at, double number) const;
  Document with(std::string_view at, const std::vector<double>& numbers) const;
  Document without(std::string_view at) const;

  Document operator[](std::string_view at) const;
  bool has(std::string_view at) const;
  bool is_null() const;
  bool is_text() const;
  /// Entries of an array or an object.
  std::size_t size() const;
  /// All of these throw where it is something else.
  double number(std::string_view at = "") const;
  std::size_t whole(std::string_view at = "") const;
  bool flag(std::string_view at = "") const;
  std::string text(std::string_view at = "") const;
  /// One behind the other, of arrays within arrays as well.
  std::vector<double> numbers(std::string_view at = "") const;
  /// Where its numbers are.
  std::vector<std::string> places_of_numbers() const;

  friend bool operator==(const Document& a, const Document& b) { return a.equals(b); }
  /// JSON text.
  std::string dump() const;
  const nlohmann::json& value() const { return *json_; }

  /// What inlay reads there. Throws load_error.
  inlay::io::ModelFile read(const inlay::io::ReadOptions& options = {}) const;
  /// The name of its format. Throws load_error.
  std::string_view format() const;

 private:
  explicit Document(std::shared_ptr<const nlohmann::json> json) : json_(std::move(json)) {}
  bool equals(const Document& other) const;
  std::shared_ptr<nlohmann::json> copy() const;
  Document with_json(std::string_view at, const nlohmann::json& value) const;

  std::shared_ptr<const nlohmann::json> json_;
};

/// What inlay makes of JSON values of the library.
inlay::io::ModelFile read_json(const nlohmann::json& document);
nlohmann::json parse_json(std::string_view text);

/// The message of the error that reading a document gives, or "was read".
std::string refusal(const Document& document);

/// Fails the test unless reading a document gives an error at this place.
void expect_refused(const Document& document, std::string_view place, const inlay::io::ReadOptions& options = {});
/// Fails the test unless it can be read.
void expect_read(const Document& document);

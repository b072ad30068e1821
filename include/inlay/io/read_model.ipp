#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <system_error>

#include "inlay/io/formats.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/namb_format.hpp"
#include "inlay/io/parse.hpp"
#include "inlay/io/read_model.hpp"
#include "inlay/io/validate.hpp"

namespace inlay::io {

namespace detail {

/// Parses a file: JSON text, or the binary form of a .nam file.
INLAY_ONCE Json document_of(std::string_view file) { return is_namb(file) ? namb_document(file) : parse(file); }

}  // namespace detail

INLAY_DECL ModelFile read_model(const Json& document, const ReadOptions& options) {
  ModelFile file = format_of(document).read(JsonCursor(document, ""), options);
  validate(file);
  return file;
}

INLAY_DECL ModelFile read_model_text(std::string_view text, const ReadOptions& options) {
  return read_model(detail::document_of(text), options);
}

INLAY_DECL ModelFile read_model(std::istream& stream, const ReadOptions& options) {
  return read_model_text(read_text(stream), options);
}

INLAY_DECL ModelFile read_model(const std::filesystem::path& path, const ReadOptions& options) {
  try {
    ModelFile file = read_model_text(read_text(path), options);
    file.source = path.string();
    return file;
  } catch (const load_error& error) {
    throw error.from(path.string());
  }
}

INLAY_DECL std::string_view format_name(std::string_view text) { return format_of(detail::document_of(text)).name; }

INLAY_DECL std::string read_text(std::istream& stream) {
  std::string text;
  char part[4096];
  do {
    stream.read(part, sizeof part);
    text.append(part, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > limits::file_bytes) refuse_size("more");
  } while (stream);
  if (stream.bad()) throw load_error("file", "a readable stream", "a read error");
  return text;
}

INLAY_DECL std::string read_text(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw load_error("file", "a model file", "a directory");
  if (const std::uintmax_t bytes = std::filesystem::file_size(path, error); !error && bytes > limits::file_bytes)
    refuse_size(std::to_string(bytes));
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    throw load_error("file", "a readable file",
                     std::filesystem::exists(path, error) ? "one that cannot be opened" : "none");
  return read_text(stream);
}

}  // namespace inlay::io

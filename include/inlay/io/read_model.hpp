/// Reading of model files in any supported format.
#pragma once

#include <filesystem>
#include <istream>
#include <string>
#include <string_view>

#include "inlay/core/compiled.hpp"
#include "inlay/io/json.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

/// Reads a model file and verifies everything that does not depend on a model type. The content determines the format,
/// not the file name. Throws load_error with the path. Not real-time safe.
ModelFile read_model(const std::filesystem::path& path, const ReadOptions& options = {});
/// Reads a model from a stream, up to its end.
ModelFile read_model(std::istream& stream, const ReadOptions& options = {});
/// Reads a model from a JSON document.
ModelFile read_model(const Json& document, const ReadOptions& options = {});
/// Reads a model from the contents of a file: text, or the bytes of a .namb file.
ModelFile read_model_text(std::string_view text, const ReadOptions& options = {});

/// Reads a model from a path, a stream, a nlohmann::json document, or another document that `dump` gives as text.
template <class Source>
ModelFile read_model_of(Source&& source, const ReadOptions& options = {}) {
  if constexpr (requires { source.is_structured(); }) return read_model(json_of(source), options);
  else if constexpr (requires { source.dump(); }) return read_model_text(source.dump(), options);
  else return read_model(source, options);
}

/// Returns the name of the format of a model file's contents, such as "Neural Amp Modeler". Throws load_error if no
/// supported format recognises it.
std::string_view format_name(std::string_view text);

/// Returns the contents of a file or a stream. Throws load_error.
std::string read_text(const std::filesystem::path& path);
std::string read_text(std::istream& stream);

}  // namespace inlay::io

#if !defined(INLAY_COMPILED)
#include "inlay/io/read_model.ipp"
#endif

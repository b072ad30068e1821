/// Reading model files: text to records, in any of the formats that inlay knows.
#pragma once

#include <filesystem>
#include <istream>
#include <string>
#include <string_view>

#include "inlay/core/compiled.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

/// Reads a model file and checks all of it that does not depend on a model type. The content decides its format, not
/// its name. Throws load_error with the path. Not for the audio thread.
ModelFile read_model(const std::filesystem::path& path, const ReadOptions& options = {});
/// The same of a stream, up to its end.
ModelFile read_model(std::istream& stream, const ReadOptions& options = {});
/// The same of the text of a file.
ModelFile read_model_text(std::string_view text, const ReadOptions& options = {});

/// The same of a path, a stream, or a nlohmann::json document.
template <class Source>
ModelFile read_model_of(Source&& source, const ReadOptions& options = {}) {
  if constexpr (requires { source.dump(); }) return read_model_text(source.dump(), options);
  else return read_model(source, options);
}

/// The name of the format that the text of a model file is in, such as "Neural Amp Modeler". Throws load_error if it is
/// none that inlay knows.
std::string_view format_name(std::string_view text);

/// All of a file. Throws load_error.
std::string read_text(const std::filesystem::path& path);
std::string read_text(std::istream& stream);

}  // namespace inlay::io

#if !defined(INLAY_COMPILED)
#include "inlay/io/read_model.ipp"
#endif

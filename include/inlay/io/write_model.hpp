/// Writer of inlay's own format, version 1 (docs/file-format.md).
#pragma once

#include <ostream>
#include <string>

#include "inlay/core/compiled.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

/// Returns a model as the text of a file. Throws load_error if `file` has no check, which the format requires, or if a
/// number is not finite.
std::string write_model(const ModelFile& file);
/// Writes a model to a stream. Throws load_error likewise.
void write_model(const ModelFile& file, std::ostream& stream);

}  // namespace inlay::io

#if !defined(INLAY_COMPILED)
#include "inlay/io/write_model.ipp"
#endif

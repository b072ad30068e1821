/// Writing model files in inlay's own format, version 1 (docs/file-format.md).
#pragma once

#include <ostream>
#include <string>

#include "inlay/core/compiled.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

/// A model as the text of a file. Throws load_error if there is no check, which inlay's files carry, or if a number is
/// not finite.
std::string write_model(const ModelFile& file);
/// The same to a stream.
void write_model(const ModelFile& file, std::ostream& stream);

}  // namespace inlay::io

#if !defined(INLAY_COMPILED)
#include "inlay/io/write_model.ipp"
#endif

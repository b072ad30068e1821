/// Parsing of JSON text.
#pragma once

#include <string_view>

#include "inlay/core/compiled.hpp"
#include "inlay/io/json.hpp"

namespace inlay::io {

/// Parses JSON text in UTF-8, with or without a byte order mark. Refuses duplicate keys, whose meaning JSON leaves
/// open, and what exceeds `limits::nesting` or `limits::file_bytes`. Throws load_error with the path in the document,
/// such as `layers[0].shape[2]`, and the byte offset.
Json parse(std::string_view text);

/// Throws load_error: a file of more than `limits::file_bytes`.
[[noreturn]] void refuse_size(std::string_view found);

}  // namespace inlay::io

#if !defined(INLAY_COMPILED)
#include "inlay/io/parse.ipp"
#endif

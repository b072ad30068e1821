// A model in Proteus's format, and what PyTorch makes of it, plainly and in double.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "document.hpp"
#include "plain_nam.hpp"

namespace plain {

/// JSON text in which #2x3 stands for two rows of three weights each, and #3 for one row.
Document with_weights(std::string_view text);

/// A model in the format of Proteus: `gates` rows for each of three units, in two layers.
Document proteus(const char* type, std::size_t gates, std::size_t knobs);

/// What PyTorch makes of it. The signal's channels behind the first are knobs.
Signal run_proteus(const Document& document, const Signal& x);

}  // namespace plain

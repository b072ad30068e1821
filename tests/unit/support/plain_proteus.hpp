// A model in Proteus's format, and a plain implementation of PyTorch's computation in double.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "document.hpp"
#include "plain_nam.hpp"

namespace plain {

/// JSON text in which #2x3 stands for two rows of three weights, and #3 for one row.
Document with_weights(std::string_view text);

/// A model in the format of Proteus: `gates` rows for each of three units, in two layers.
Document proteus(const char* type, std::size_t gates, std::size_t knobs);

/// The output of PyTorch. The channels of the signal after the first are knobs.
Signal run_proteus(const Document& document, const Signal& x);

}  // namespace plain

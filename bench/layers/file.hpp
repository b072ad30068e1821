/// file_of: writes a described network as a model file.
#pragma once

#include <string>

#include "description.hpp"

namespace inlay::bench {

/// Returns the text of the file. Its check is the reference output for a signal longer than the receptive field.
std::string file_of(const Chain&);

}  // namespace inlay::bench

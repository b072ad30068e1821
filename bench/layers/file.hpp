/// A described network as a file of ours.
#pragma once

#include <string>

#include "description.hpp"

namespace inlay::bench {

/// Its text, with a check that is longer than what the network hears, of its reference.
std::string file_of(const Chain&);

}  // namespace inlay::bench

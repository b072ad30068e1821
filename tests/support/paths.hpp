/// Folders that tests read.
#pragma once

#include <string>

namespace inlay_test {

/// The folder tests/ of this checkout.
std::string folder();

/// Files of other programs, which are not in the repository. The folder may be missing.
std::string fixtures();

}  // namespace inlay_test

#include "support/paths.hpp"

namespace inlay_test {

std::string folder() { return INLAY_TEST_DIR; }
std::string fixtures() { return INLAY_FIXTURES_DIR; }

}  // namespace inlay_test

// Written by bench/tune.sh: run it to measure again.
#pragma once

#include <array>

#include "inlay/backend/choice.hpp"

namespace inlay::detail {

inline constexpr std::array<Choice, 0> choices{};

}  // namespace inlay::detail

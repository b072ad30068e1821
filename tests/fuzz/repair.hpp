/// Repairs a damaged document by what the reader's and the planner's errors say.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

namespace fuzz {

/// Largest number of values that a repair adds to an array.
inline constexpr std::size_t most_repaired = 2048;

/// Shortens an array, or extends it with copies of its entries.
void resize(nlohmann::json& array, std::size_t count);

/// Follows errors of the form "expected 12 ..." a few times: sets the number at the error's place, or gives the array
/// there that many entries. So a document whose layers were changed gets weights that fit.
void repair(nlohmann::json& document);

}  // namespace fuzz

/// AppendCondition: the condition as additional channels.
#pragma once

#include <cstddef>

#include "inlay/backend/default.hpp"
#include "inlay/combinators/combined.hpp"
#include "inlay/combinators/formula.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"

namespace inlay::INLAY_ISA {

namespace formula {
struct AppendCondition : Combinator<"append_condition"> {
  static constexpr std::size_t in_per_size = 1;
  static constexpr bool has_condition_size = true;
  static constexpr auto y = concat(x, appended_condition);
};
}  // namespace formula

/// Appends the condition to the input: y = (x, condition), for instance knobs for an LSTM. `Size` channels in, Size +
/// ConditionSize out. Keras: Concatenate of signal and condition. No state.
///
/// In a file: `size` and `condition_size`.
template <std::size_t Size, std::size_t ConditionSize, Backend B = default_backend>
class AppendCondition : public detail::Combined<formula::AppendCondition, B, Size, ConditionSize> {};

}  // namespace inlay::INLAY_ISA

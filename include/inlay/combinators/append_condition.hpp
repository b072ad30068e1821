/// AppendCondition: the condition as additional channels.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"

namespace inlay::INLAY_ISA {

/// Appends the condition to the input: y = (x, condition), for instance knobs for an LSTM. `Size` channels in, Size +
/// ConditionSize out. Keras: Concatenate of signal and condition. No state.
template <std::size_t Size, std::size_t ConditionSize, Backend B = default_backend>
class AppendCondition {
 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {};
  static constexpr std::string_view type = "append_condition";
  static constexpr std::size_t in_size = Size, out_size = Size + ConditionSize;
  static constexpr std::size_t receptive_field = 1, parameters = 0, macs = 0;
  static constexpr std::size_t condition_size = ConditionSize;

  void visit(auto& v) {
    v.option("size", Size);
    v.option("condition_size", ConditionSize);
  }
  void reset(State&) const noexcept {}
  INLAY_INLINE void forward(State&, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    copy(in, Size, out);
    copy(context.condition, ConditionSize, out + Size);
  }
  void process(State&, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    const Block<const scalar> condition(context.condition);
    for (std::size_t c = 0; c < Size; ++c) copy_row(in.row(c), frames, out.row(c));
    for (std::size_t c = 0; c < ConditionSize; ++c) copy_row(condition.row(c), frames, out.row(Size + c));
  }
};

}  // namespace inlay::INLAY_ISA

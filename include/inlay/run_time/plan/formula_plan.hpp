/// FormulaPlan: adds the formula of a combinator to a program.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "inlay/combinators/map_functions.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/plan/build_context.hpp"
#include "inlay/run_time/plan/signal.hpp"

namespace inlay::INLAY_ISA::plan {

/// What the expressions of a formula (combinators/formula.hpp) call to add themselves to a program. Throws load_error.
template <class Planner>
class FormulaPlan {
 public:
  /// `chains`: the names of the combinator's inner chains. All have the first name if there is only one.
  FormulaPlan(Planner& planner, const BuildContext& context, std::span<const std::string_view> chains)
      : planner_(planner), context_(context), chains_(chains) {}

  Signal kept;  ///< the value of `let`

  const Signal& input() const { return context_.x; }
  Signal condition() const { return at_the_time_of_input(required_condition(context_)); }
  Signal appended_condition() const {
    const std::size_t size = io::number_of(context_.record, "condition_size"), given = context_.condition.count();
    if (given < size) refuse(context_.record, io::concat({"at least ", size, " side channels"}), given);
    return at_the_time_of_input(context_.condition.slice(0, size));
  }

  /// The input channels of chain i, and those after them.
  Signal first(std::size_t i) const { return context_.x.slice(0, first_size(i)); }
  Signal rest(std::size_t i) const {
    const std::size_t begin = first_size(i);
    return context_.x.slice(begin, context_.x.count() - begin);
  }
  /// The first or the second half of the input.
  Signal half(std::size_t i) const {
    const std::size_t size = context_.x.count() / 2;
    return context_.x.slice(i * size, size);
  }

  std::size_t chain_count() const { return context_.record.chains.find(chains_[0])->second.size(); }
  Signal chain(std::size_t i, const Signal& x) { return planner_.chain(record_of(i), x, context_.condition); }
  Signal conditioned_chain(std::size_t i, const Signal& condition, const Signal& x) {
    return planner_.chain(record_of(i), x, condition);
  }
  /// A pointwise layer reads no condition.
  Signal pointwise(std::size_t i, const Signal& x) { return conditioned_chain(i, Signal{}, x); }
  Signal add_chain(const Signal& a, std::size_t i, const Signal& x) {
    return planner_.add_chain(context_, a, record_of(i), x);
  }

  Signal map(MapFunction function, const Signal& a, const Signal& b) {
    return planner_.map(function, context_.record, a, {a, b});
  }
  Signal map(MapFunction function, const Signal& a, const Signal& b, const Signal& c) {
    return planner_.map(function, context_.record, a, {a, b, c});
  }
  Signal modulate(const Signal& x, const Signal& m) {
    const std::size_t size = x.count();
    if (m.count() == size) return map(MapFunction::product, x, m);
    if (m.count() == 2 * size) return map(MapFunction::modulate, x, m.slice(0, size), m.slice(size, size));
    refuse(context_.record,
           io::concat({"inner layers with ", size, " output channels (scale) or ", 2 * size, " (scale and shift)"}),
           m.count());
  }
  Signal concat(const Signal& a, const Signal& b) const { return concatenate(context_.record, a, b); }

 private:
  /// Side channels without latency, such as knobs, go with an input of any latency.
  Signal at_the_time_of_input(Signal side) const {
    if (side.latency == FrameSum{}) side.latency = context_.x.latency;
    return side;
  }
  const io::ChainRecord& record_of(std::size_t i) const {
    return chains_.size() == 1 ? io::chain_of(context_.record, chains_[0], i)
                               : io::chain_of(context_.record, chains_[i]);
  }
  /// Number of input channels of chain i. The combinator's input must have more.
  std::size_t first_size(std::size_t i) const {
    const std::size_t size = io::width_of(record_of(i)), channels = context_.x.count();
    if (size >= channels)
      refuse(context_.record, io::concat({"more input channels than the first inner layers, ", size}), channels);
    return size;
  }

  Planner& planner_;
  const BuildContext& context_;
  std::span<const std::string_view> chains_;
};

/// The members of a combinator's record.
inline constexpr std::string_view option_names[] = {"size", "condition_size"};
template <class Formula>
constexpr io::Members members_of() {
  constexpr std::size_t options = Formula::has_condition_size ? 2 : Formula::in_per_size > 0 ? 1 : 0;
  return {std::span(option_names).first(options), Formula::chains, Formula::most};
}

/// Adds a combinator to a planner's program and returns its output.
template <class Formula, class Planner>
INLAY_COLD Signal build(Planner& planner, const BuildContext& context) {
  if (Formula::in_per_size > 0) expect_width(context, Formula::in_per_size * io::number_of(context.record, "size"));
  FormulaPlan plan(planner, context, Formula::chains);
  return decltype(Formula::y)::plan(plan);
}

}  // namespace inlay::INLAY_ISA::plan

/// Parallel, Concat: branches with the same input, added or concatenated.
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include "inlay/combinators/branches.hpp"
#include "inlay/combinators/combined.hpp"
#include "inlay/combinators/formula.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

namespace formula {
struct Parallel : Combinator<"parallel", "branches"> {
  static constexpr std::size_t most = unbounded;
  static constexpr auto y = sum_of_all(x);
};
struct Concat : Combinator<"concat", "branches"> {
  static constexpr std::size_t most = unbounded;
  static constexpr auto y = concat_of_all(x);
};
}  // namespace formula

namespace detail {
/// Branches, each a chain, with the same input.
template <class Formula, class First, class... Others>
class BranchesOf : public CombinedOf<Formula, First, Others...> {
  template <std::size_t... I>
  static Checks<BranchMatchesFirst<I + 1, Others, First>...> fit(std::index_sequence<I...>);
  static_assert(BranchMatchesFirst<0, First, First>::checked);
  static_assert(decltype(fit(std::index_sequence_for<Others...>{}))::checked);

 public:
  /// Branch I as a `Sequential`.
  template <std::size_t I>
  constexpr auto& branch() noexcept {
    return this->template chain<I>();
  }
};
}  // namespace detail

/// Adds the outputs of its branches: y = F_1(x) + F_2(x) + ... Each branch is a layer, or a `Sequential` of several.
/// All have the same sizes, rate and latency. Keras: Add.
///
/// In a file: `branches`, an array of arrays of layers.
template <Layer First, Layer... Others>
class Parallel : public detail::BranchesOf<formula::Parallel, detail::Chain<First>, detail::Chain<Others>...> {
  template <std::size_t... I>
  static detail::Checks<detail::SameOutputSize<I + 1, Others::out_size, First::out_size>...> fit(
      std::index_sequence<I...>);
  static_assert(decltype(fit(std::index_sequence_for<Others...>{}))::checked);
};

/// Concatenates the outputs of its branches: y = (F_1(x), F_2(x), ...). Each branch is a layer, or a `Sequential` of
/// several. All have the same input size, rate and latency. Keras: Concatenate.
///
/// In a file: `branches`, an array of arrays of layers.
template <Layer First, Layer... Others>
class Concat : public detail::BranchesOf<formula::Concat, detail::Chain<First>, detail::Chain<Others>...> {};

}  // namespace inlay::INLAY_ISA

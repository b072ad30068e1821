/// Formulas: what a combinator computes, written once. `Combined` evaluates a formula at compile time for types. The
/// planner of the run-time model turns the same formula into the steps of a program.
///
/// A formula is an expression of empty objects, such as `x + f<0>(x)`: the input plus the first inner chain of the
/// input.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "inlay/combinators/expressions.hpp"
#include "inlay/combinators/map_functions.hpp"
#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::formula {

/// A text as a template argument.
template <std::size_t N>
struct Text {
  char characters[N];
  consteval Text(const char (&text)[N]) { std::copy_n(text, N, characters); }
};

/// Base of a struct that describes a combinator: `Type` and `Chains` are its name and those of its inner chains in
/// files. The struct has a member `y`, the formula of its output, and hides members of this one that differ.
template <Text Type, Text... Chains>
struct Combinator {
  static constexpr std::string_view type = Type.characters;
  static constexpr std::array<std::string_view, sizeof...(Chains)> chains{Chains.characters...};
  /// Largest number of chains of one name.
  static constexpr std::size_t most = 1;
  /// Input channels per unit of the option "size" of files; 0 if there is no such option.
  static constexpr std::size_t in_per_size = 0;
  /// Whether files have the option "condition_size".
  static constexpr bool has_condition_size = false;
  /// Whether input and output may be the same memory.
  static constexpr bool in_place = false;

  /// Name of chain i, and its number among the chains of that name.
  static constexpr std::string_view chain_name(std::size_t i) { return chains[chains.size() == 1 ? 0 : i]; }
  static constexpr std::size_t chain_number(std::size_t i) { return chains.size() == 1 ? i : 0; }
};

inline constexpr Input x{};
inline constexpr Condition condition{};
inline constexpr AppendedCondition appended_condition{};
template <std::size_t I>
inline constexpr Part<FirstRange<I>> first{};
template <std::size_t I>
inline constexpr Part<RestRange<I>> rest{};
inline constexpr Part<HalfRange<0>> first_half{};
inline constexpr Part<HalfRange<1>> second_half{};

/// Chain I of X.
template <std::size_t I, class X>
constexpr Chain<I, X> f(X) {
  return {};
}
/// Chain I of X, which is one pointwise layer.
template <std::size_t I, class X>
constexpr Apply<I, X> pointwise(X) {
  return {};
}
template <class A, std::size_t I, class X>
constexpr Add<A, I, X> operator+(A, Chain<I, X>) {
  return {};
}
template <class A, class B>
constexpr Map<Product, A, B> operator*(A, B) {
  return {};
}
template <class X, class A, class G>
constexpr Map<Blended, X, A, G> blend(X, A, G) {
  return {};
}
template <class X, class M>
constexpr Modulate<X, M> modulate(X, M) {
  return {};
}
template <class A, class B>
constexpr Concatenated<A, B> concat(A, B) {
  return {};
}
template <class X>
constexpr SumOfAll<X> sum_of_all(X) {
  return {};
}
template <class X>
constexpr ConcatOfAll<X> concat_of_all(X) {
  return {};
}
template <class V, class F>
constexpr auto let(V, F f) {
  return Let<V, decltype(f(Kept<V>{}))>{};
}
template <class S, std::size_t I, class X>
constexpr Conditioned<S, I, X> with_condition(S, Chain<I, X>) {
  return {};
}

}  // namespace inlay::INLAY_ISA::formula

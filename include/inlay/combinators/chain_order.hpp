/// ChainOrder: the order in which a formula computes its inner chains.
#pragma once

#include <array>
#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::formula {

/// What `FormulaPlan` is for a program, for a type with `Count` chains: the expressions of a formula call it, and it
/// notes their chains. Chains of pointwise layers that are computed in registers are not noted.
template <std::size_t Count>
struct ChainOrder {
  struct Signal {};

  std::array<std::size_t, Count> chains{};
  std::size_t count = 0;  ///< chains that were noted
  Signal kept{};

  constexpr Signal input() const { return {}; }
  constexpr Signal condition() const { return {}; }
  constexpr Signal appended_condition() const { return {}; }
  constexpr Signal first(std::size_t) const { return {}; }
  constexpr Signal rest(std::size_t) const { return {}; }
  constexpr Signal half(std::size_t) const { return {}; }

  static constexpr std::size_t chain_count() { return Count; }
  constexpr Signal chain(std::size_t i, Signal) {
    chains[count++] = i;
    return {};
  }
  constexpr Signal conditioned_chain(std::size_t i, Signal, Signal x) { return chain(i, x); }
  constexpr Signal add_chain(Signal, std::size_t i, Signal x) { return chain(i, x); }
  constexpr Signal pointwise(std::size_t, Signal) const { return {}; }

  constexpr Signal map(auto...) const { return {}; }
  constexpr Signal modulate(Signal, Signal) const { return {}; }
  constexpr Signal concat(Signal, Signal) const { return {}; }
};

}  // namespace inlay::INLAY_ISA::formula

/// The backend of a layer that holds layers.
#pragma once

#include "inlay/backend/loop.hpp"
#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::detail {

template <class L>
struct FindBackend {
  using type = LoopBackend<typename L::scalar>;
};
template <class L>
  requires requires { typename L::backend; }
struct FindBackend<L> {
  using type = typename L::backend;
};
/// The backend that a combinator of layer L computes with: L's own, or plain loops for a layer that has none.
template <class L>
using BackendOf = typename FindBackend<L>::type;

}  // namespace inlay::INLAY_ISA::detail

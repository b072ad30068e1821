/// BackendOf: the backend that a combinator uses for its own arithmetic.
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
/// The backend of layer L, or `LoopBackend` if L has none (a custom layer without a backend).
template <class L>
using BackendOf = typename FindBackend<L>::type;

}  // namespace inlay::INLAY_ISA::detail

/// Compile-time checks of neighbouring layers.
#pragma once

#include <concepts>
#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::detail {

/// Checks that two neighbouring layers fit. The index of the second one and both numbers are template arguments, so
/// that compilers print them in the error message.
template <std::size_t Layer, std::size_t InputSize, std::size_t PreviousOutputSize>
struct InputMatchesPrevious {
  static_assert(InputSize == PreviousOutputSize,
                "inlay: a layer's input size must be the output size of the layer before it; change one of the two");
};

/// Checks that all layers of a chain have the same scalar type.
template <class First, class... Others>
struct SameScalar {
  static_assert((std::same_as<First, Others> && ...),
                "inlay: all layers must have the same scalar type; give them backends of one scalar");
  static constexpr bool checked = true;
};

/// Instantiates its checks by deriving from them. A constant expression would add an error of its own.
template <class... Each>
struct Checks : Each... {
  static constexpr bool checked = true;
};

}  // namespace inlay::INLAY_ISA::detail

/// The compile error of a model whose layers do not fit together.
#pragma once

#include <concepts>
#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::detail {

/// Instantiated for each pair of neighbours, so that a compiler's message carries the index of the
/// second layer and both numbers.
template <std::size_t Layer, std::size_t InputSize, std::size_t OutputSizeBefore>
struct LayerFitsTheOneBefore {
  static_assert(InputSize == OutputSizeBefore,
                "inlay: this layer's input size is not the output size of the layer before it");
};

/// Instantiated with the scalars of all layers of a chain.
template <class First, class... Others>
struct LayersHaveOneScalar {
  static_assert((std::same_as<First, Others> && ...), "inlay: layers differ in their scalar type");
  static constexpr bool checked = true;
};

/// Instantiates its pairs by deriving from them: not a constant expression, which would fail once more.
template <class... Pairs>
struct Neighbours : Pairs... {
  static constexpr bool checked = true;
};

}  // namespace inlay::INLAY_ISA::detail

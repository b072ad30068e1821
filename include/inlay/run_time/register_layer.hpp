/// register_layer: custom layers in files that `Model` loads.
#pragma once

#include <memory>

#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/run_time/kernels/layer_operation.hpp"
#include "inlay/run_time/registry.hpp"

namespace inlay::INLAY_ISA {

/// Registers layer L, so that `Model` of L's scalar type loads files with layers of the type `L::type`. L is the class
/// that `ModelT` uses. Its sizes are dynamic, or fixed: then the file must have the same sizes, and each size must be
/// registered. Built-in types cannot be replaced. Call it before loading. Repeated calls have no effect. Thread-safe.
template <Layer L>
void register_layer() {
  using T = typename L::scalar;
  run_time::add_layer_type<T>(L::type, [](const io::LayerRecord& record, std::size_t width) {
    return std::unique_ptr<run_time::Operation<T>>(std::make_unique<kernels::LayerOperation<L>>(record, width));
  });
}

}  // namespace inlay::INLAY_ISA

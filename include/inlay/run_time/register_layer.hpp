/// register_layer: a layer of your own in files that `Model` loads.
#pragma once

#include <memory>

#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/run_time/kernels/layer_operation.hpp"
#include "inlay/run_time/registry.hpp"

namespace inlay::INLAY_ISA {

/// From now on `Model` of L's scalar loads files with layers of the type `L::type`: the same class as in `ModelT`, of
/// fixed sizes, which the file then has to have, or of dynamic sizes. Register each size that your files have. A type
/// of the library's own cannot be replaced. Call it before loading, once or more often, on any thread.
template <Layer L>
void register_layer() {
  using T = typename L::scalar;
  run_time::add_layer_type<T>(L::type, [](const io::LayerRecord& record, std::size_t width) {
    return std::unique_ptr<run_time::Operation<T>>(std::make_unique<kernels::LayerOperation<L>>(record, width));
  });
}

}  // namespace inlay::INLAY_ISA

/// Registry of custom layer types.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "inlay/io/model_file.hpp"
#include "inlay/run_time/operation.hpp"

namespace inlay::run_time {

/// Function that makes a layer from its record for `width` input channels. Throws load_error.
template <class T>
using MakeLayer = std::unique_ptr<Operation<T>> (*)(const io::LayerRecord& record, std::size_t width);

/// Registers a function that makes layers of a type. A type may have several: the first one that does not throw makes
/// the layer. Thread-safe.
template <class T>
void add_layer_type(std::string_view type, MakeLayer<T> make);

/// Makes a layer of a registered type. Returns null if the type is not registered. Throws load_error if none of its
/// functions accepts the record.
template <class T>
std::unique_ptr<Operation<T>> make_added_layer(const io::LayerRecord& record, std::size_t width);

}  // namespace inlay::run_time

#if !defined(INLAY_COMPILED)
#include "inlay/run_time/registry.ipp"
#endif

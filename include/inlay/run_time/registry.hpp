/// Layers of a program's own that files may hold.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "inlay/io/model_file.hpp"
#include "inlay/run_time/operation.hpp"

namespace inlay::run_time {

/// Makes a layer from its record, for `width` channels. Throws load_error.
template <class T>
using MakeLayer = std::unique_ptr<Operation<T>> (*)(const io::LayerRecord& record, std::size_t width);

/// Adds a way to make layers of a type. Of several for one type, the first one that the record fits makes the layer.
template <class T>
void add_layer_type(std::string_view type, MakeLayer<T> make);

/// A layer of a type that was added. Null if there is no such type. Throws load_error.
template <class T>
std::unique_ptr<Operation<T>> make_added_layer(const io::LayerRecord& record, std::size_t width);

}  // namespace inlay::run_time

#if !defined(INLAY_COMPILED)
#include "inlay/run_time/registry.ipp"
#endif

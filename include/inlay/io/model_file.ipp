#pragma once

#include <algorithm>

#include "inlay/io/model_file.hpp"

namespace inlay::io {

INLAY_DECL SourceLocation TensorRecord::place_of(std::size_t i) const {
  if (row_places.empty()) return concat({place, ".data[", i, "]"});
  return concat({row_places[i / shape.back()], "[", i % shape.back(), "]"});
}

INLAY_DECL std::size_t parameters_of(const ChainRecord& chain) {
  std::size_t count = 0;
  for (const LayerRecord& layer : chain.layers) {
    for (const auto& [name, tensor] : layer.tensors) count += tensor.values.size();
    for (const auto& [name, chains] : layer.chains)
      for (const ChainRecord& inner : chains) count += parameters_of(inner);
  }
  return count;
}

INLAY_DECL std::size_t condition_of(const ChainRecord& chain) {
  std::size_t most = 0;
  for (const LayerRecord& layer : chain.layers) {
    const auto size = layer.values.find("condition_size");
    if (size != layer.values.end())
      if (const auto* found = std::get_if<std::size_t>(&size->second.value)) most = std::max(most, *found);
    const auto* type = std::get_if<std::string>(&layer.type.value);
    if (type && *type == "conditioned_by") continue;  // its inner layers get another condition
    for (const auto& [name, chains] : layer.chains)
      for (const ChainRecord& inner : chains) most = std::max(most, condition_of(inner));
  }
  return most;
}

INLAY_DECL std::string shape_text(std::span<const std::size_t> shape) {
  std::string text;
  for (std::size_t extent : shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(extent);
  }
  return text;
}

}  // namespace inlay::io

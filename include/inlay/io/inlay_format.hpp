/// Reader of inlay's own format, version 1 (docs/file-format.md).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "inlay/io/json_cursor.hpp"
#include "inlay/io/make_record.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

namespace detail {

/// Throws load_error if an object has a key that is not listed.
INLAY_ONCE void allow_only(const JsonCursor& object, std::initializer_list<std::string_view> keys) {
  for (const auto& [key, value] : object.object().json().members())
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) object[key].fail("no such key");
}

/// Reads {"shape": [...], "data": [...]}, data in row-major order.
INLAY_ONCE TensorRecord read_tensor(const JsonCursor& node) {
  allow_only(node, {"shape", "data"});
  TensorRecord tensor = make_tensor(node.place(), {});
  const JsonCursor shape = node["shape"], data = node["data"];
  std::size_t count = 1;
  if (shape.size() == 0 || shape.size() > limits::tensor_axes)
    shape.fail(concat({"1 to ", limits::tensor_axes, " extents"}), shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i) {
    tensor.shape.push_back(shape[i].whole(1, limits::tensor_values));
    if (count > limits::tensor_values / tensor.shape.back())
      shape.fail(concat({"at most ", limits::tensor_values, " values"}));
    count *= tensor.shape.back();
  }
  if (data.size() != count) data.fail(concat({count, " numbers for shape ", shape_text(tensor.shape)}), data.size());
  tensor.values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) tensor.values.push_back(data[i].number());
  return tensor;
}

ChainRecord read_chain(const JsonCursor& node);

/// Reads one chain, [layer, ...], or several chains, [[layer, ...], ...].
INLAY_ONCE std::vector<ChainRecord> read_chains(const JsonCursor& node) {
  std::vector<ChainRecord> chains;
  if (node.size() == 0 || !node[0].json().is_array()) chains.push_back(read_chain(node));
  else
    for (std::size_t i = 0; i < node.size(); ++i) chains.push_back(read_chain(node[i]));
  return chains;
}

/// Reads an option or a number of a layer.
INLAY_ONCE Value read_value(const JsonCursor& node) {
  const Json& json = node.json();
  if (json.is_boolean()) return {node.place(), json.boolean()};
  if (json.is_string()) return {node.place(), json.string()};
  if (json.is_whole() && std::in_range<std::size_t>(json.whole()))
    return {node.place(), static_cast<std::size_t>(json.whole())};
  return {node.place(), node.number()};
}

/// Appends a layer to a chain. A "sequential" layer is flattened: its layers are appended one by one.
INLAY_ONCE void read_layer(const JsonCursor& node, ChainRecord& chain) {
  const JsonCursor type = node["type"];
  if (type.string() == "sequential") {
    allow_only(node, {"type", "layers"});
    return append(chain.layers, read_chain(node["layers"]).layers);
  }
  LayerRecord layer = make_layer(node.place(), type.string());
  layer.type.place = type.place();
  for (const auto& [key, json] : node.json().members()) {
    if (key == "type") continue;
    const JsonCursor member = node[key];
    if (json.is_object()) layer.tensors.emplace(key, read_tensor(member));
    else if (json.is_array()) layer.chains.emplace(key, read_chains(member));
    else layer.values.emplace(key, read_value(member));
  }
  append(chain.layers, std::move(layer));
}

/// Reads [layer, layer, ...].
INLAY_ONCE ChainRecord read_chain(const JsonCursor& node) {
  ChainRecord chain{node.place(), {}};
  if (node.size() == 0) node.fail("at least one layer");
  for (std::size_t i = 0; i < node.size(); ++i) read_layer(node[i].object(), chain);
  return chain;
}

INLAY_ONCE Check read_check(const JsonCursor& node) {
  allow_only(node, {"source", "dtype", "input", "condition", "output", "skip", "stride", "tolerance"});
  Check check;
  if (const auto source = node.find("source")) check.source = source->string();
  if (const auto dtype = node.find("dtype")) {
    check.dtype = dtype->string();
    if (check.dtype != "float32" && check.dtype != "float64") dtype->fail("\"float32\" or \"float64\"");
  }
  check.input = read_tensor(node["input"]);
  check.output = read_tensor(node["output"]);
  if (const auto condition = node.find("condition")) check.condition = read_tensor(*condition);
  for (const TensorRecord* signal : {&check.input, &check.output, &check.condition})
    if (signal->shape.size() != 2 && !signal->place.empty())
      refuse(concat({signal->place, ".shape"}), "[frames, channels]", shape_text(signal->shape));
  const std::size_t frames = check.input.shape[0];
  if (const auto skip = node.find("skip")) check.skip = skip->whole(0, frames - 1);
  if (const auto stride = node.find("stride")) check.stride = stride->whole(1, frames);
  if (!check.condition.shape.empty() && check.condition.shape[0] != frames)
    refuse(concat({check.condition.place, ".shape"}), concat({frames, " frames, as the input"}),
           check.condition.shape[0]);
  check.tolerance = node["tolerance"].positive();
  return check;
}

}  // namespace detail

/// Reads a document of inlay's own format. Throws load_error.
INLAY_ONCE ModelFile read_inlay(const JsonCursor& root) {
  detail::allow_only(root, {"format", "version", "sample_rate", "metadata", "prewarm", "layers", "check"});
  if (!root["format"].is("inlay")) root["format"].fail("\"inlay\"");
  if (!root["version"].is(1)) root["version"].fail("version 1");
  ModelFile file;
  if (const auto rate = root.find("sample_rate")) file.info.sample_rate = rate->positive();
  if (const auto metadata = root.find("metadata")) file.info.metadata = metadata->object().json().text();
  if (const auto prewarm = root.find("prewarm")) file.info.prewarm = prewarm->whole(0, limits::prewarm);
  file.chain = detail::read_chain(root["layers"]);
  file.check = detail::read_check(root["check"].object());
  return file;
}

}  // namespace inlay::io

/// Reads inlay's own format, version 1 (docs/file-format.md).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "inlay/io/model_file.hpp"
#include "inlay/io/node.hpp"

namespace inlay::io {

namespace detail {

inline void allow_only(const Node& object, std::initializer_list<std::string_view> keys) {
  for (const auto& [key, value] : object.object().json().items())
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) object[key].fail("no such key");
}

/// {"shape": [...], "data": [...]}
inline TensorRecord read_tensor(const Node& node) {
  allow_only(node, {"shape", "data"});
  TensorRecord tensor{.place = node.place(), .shape = {}, .values = {}, .row_places = {}};
  const Node shape = node["shape"], data = node["data"];
  constexpr std::size_t most = std::size_t{1} << 32;
  std::size_t count = 1;
  if (shape.size() == 0 || shape.size() > 8) shape.fail("1 to 8 extents");
  for (std::size_t i = 0; i < shape.size(); ++i) {
    tensor.shape.push_back(shape[i].whole(1, most));
    if (count > most / tensor.shape.back()) shape.fail("at most 2^32 values");
    count *= tensor.shape.back();
  }
  if (data.size() != count)
    data.fail(concat({std::to_string(count), " numbers for shape ", shape_text(tensor.shape)}),
              std::to_string(data.size()));
  tensor.values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) tensor.values.push_back(data[i].number());
  return tensor;
}

inline LayerRecord read_layer(const Node& node) {
  LayerRecord layer{
      .place = node.place(), .type = {node["type"].place(), node["type"].string()}, .values = {}, .tensors = {}};
  for (const auto& [key, json] : node.json().items()) {
    if (key == "type") continue;
    const Node member = node[key];
    if (json.is_object()) layer.tensors.emplace(key, read_tensor(member));
    else if (json.is_boolean()) layer.values.emplace(key, Value{member.place(), member.boolean()});
    else if (json.is_string()) layer.values.emplace(key, Value{member.place(), member.string()});
    else if (member.is_whole()) layer.values.emplace(key, Value{member.place(), json.get<std::size_t>()});
    else layer.values.emplace(key, Value{member.place(), member.number()});
  }
  return layer;
}

inline Check read_check(const Node& node) {
  allow_only(node, {"source", "dtype", "input", "output", "skip", "stride", "tolerance"});
  Check check;
  check.input = read_tensor(node["input"]);
  check.output = read_tensor(node["output"]);
  for (const TensorRecord* signal : {&check.input, &check.output})
    if (signal->shape.size() != 2)
      throw load_error(concat({signal->place, ".shape"}), "[frames, channels]", shape_text(signal->shape));
  const std::size_t frames = check.input.shape[0];
  if (const auto skip = node.find("skip")) check.skip = skip->whole(0, frames - 1);
  if (const auto stride = node.find("stride")) check.stride = stride->whole(1, frames);
  if (check.skip + (check.output.shape[0] - 1) * check.stride >= frames)
    throw load_error(concat({check.output.place, ".shape"}),
                     concat({"outputs for at most ", std::to_string(frames), " frames of input"}),
                     concat({std::to_string(check.output.shape[0]), " from frame ", std::to_string(check.skip),
                             " on, every ", std::to_string(check.stride)}));
  check.tolerance = node["tolerance"].positive();
  return check;
}

}  // namespace detail

inline ModelFile read_inlay(const Node& root) {
  detail::allow_only(root, {"format", "version", "sample_rate", "metadata", "layers", "check"});
  if (root["version"].json() != 1) root["version"].fail("version 1");
  ModelFile file;
  if (const auto rate = root.find("sample_rate")) file.info.sample_rate = rate->positive();
  if (const auto metadata = root.find("metadata")) file.info.metadata = metadata->object().json();
  const Node layers = root["layers"];
  file.layers_place = layers.place();
  if (layers.size() == 0) layers.fail("at least one layer");
  for (std::size_t i = 0; i < layers.size(); ++i) file.layers.push_back(detail::read_layer(layers[i].object()));
  file.check = detail::read_check(root["check"].object());
  return file;
}

}  // namespace inlay::io

/// RTNeural's JSON for models of RTNeural's names. Included by rtneural.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "inlay/inlay.hpp"

namespace inlay::compat::rtneural::detail {

/// The layers of a file; nothing for a custom one, which the user fills.
using Records = std::vector<std::optional<io::LayerRecord>>;

/// RTNeural writes some numbers alone or as the last of several.
inline io::Node last(const io::Node& node) { return node.json().is_array() ? node.back() : node; }

/// A frame of a two-dimensional layer counts as [feature][channel]: all that comes after batch and time.
inline void flatten_shape(nlohmann::json& shape) {
  if (!shape.is_array() || shape.size() != 4) return;
  const io::Node node(shape, "shape");
  shape = nlohmann::json::array({node[2].whole(1) * node[3].whole(1)});
}

/// Reads the layers that are RTNeural's and not one-dimensional.
class Layer2D {
 public:
  Layer2D(const io::Node& node, std::size_t in, std::string type) : node_(node), in_(in) {
    record_ = {.place = node.place(), .type = {node["type"].place(), std::move(type)}, .values = {}, .tensors = {}};
  }

  io::LayerRecord conv2d() {
    const std::size_t channels = size("in", "num_filters_in"), features = size("features", "num_features_in"),
                      out = size("out", "num_filters_out");
    const std::size_t time = size("kernel_size_time", "kernel_size_time"),
                      width = size("kernel_size_features", "kernel_size_feature");
    size("dilation", "dilation");
    size("stride", "strides");
    const io::Node padding = node_["padding"];
    record_.values.insert_or_assign("padding", io::Value{padding.place(), padding.string()});
    expect_width(channels * features);
    expect_arrays(1, 2);
    tensor("kernel", 0, {time, width, channels, out});
    if (arrays() == 2) tensor("bias", 1, {out});
    return std::move(record_);
  }

  io::LayerRecord batchnorm2d() {
    const std::size_t channels = size("channels", "num_filters_in"), features = size("features", "num_features_in");
    const io::Node epsilon = node_["epsilon"];
    record_.values.insert_or_assign("epsilon", io::Value{epsilon.place(), epsilon.number()});
    expect_width(channels * features);
    expect_arrays(2, 4);
    std::size_t i = 0;
    if (arrays() == 4) {
      tensor("gamma", i++, {channels});
      tensor("beta", i++, {channels});
    }
    tensor("mean", i++, {channels});
    tensor("variance", i, {channels});
    return std::move(record_);
  }

 private:
  std::size_t size(const char* ours, const char* theirs) {
    const io::Node node = last(node_[theirs]);
    const std::size_t value = node.whole(1);
    record_.values.insert_or_assign(ours, io::Value{node.place(), value});
    return value;
  }
  void tensor(const char* name, std::size_t i, std::vector<std::size_t> shape) {
    record_.tensors.insert_or_assign(name, io::detail::nested_tensor(node_["weights"][i], std::move(shape)));
  }
  std::size_t arrays() const { return node_["weights"].size(); }
  void expect_arrays(std::size_t few, std::size_t many) const {
    if (arrays() != few && arrays() != many)
      node_["weights"].fail(io::concat({std::to_string(few), " or ", std::to_string(many), " arrays"}));
  }
  void expect_width(std::size_t width) const {
    if (width != in_)
      node_["num_filters_in"].fail(io::concat({std::to_string(in_), " channels times features"}),
                                   std::to_string(width));
  }

  const io::Node& node_;
  std::size_t in_;
  io::LayerRecord record_;
};

/// Reads what RTNeural's Keras script writes; layers of the types that `custom` lists are left to the user.
inline Records read(nlohmann::json document, std::initializer_list<std::string> custom) {
  const io::Node root(document, ""), layers = root["layers"];
  layers.size();  // is it an array?
  for (nlohmann::json& layer : document["layers"])
    if (layer.is_object() && layer.contains("shape")) flatten_shape(layer["shape"]);
  if (document.contains("in_shape")) flatten_shape(document["in_shape"]);
  std::size_t width = root["in_shape"].back().whole(1);
  Records records;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const io::Node node = layers[i].object();
    const std::string type = node["type"].string();
    if (std::find(custom.begin(), custom.end(), type) != custom.end()) {
      width = node["shape"].back().whole(1);
      records.emplace_back();
      continue;
    }
    nlohmann::json rest;  // what a two-dimensional layer says beside its weights: an activation
    if (type == "conv2d" || type == "batchnorm2d") {
      Layer2D layer(node, width, type);
      records.emplace_back(type == "conv2d" ? layer.conv2d() : layer.batchnorm2d());
      width = node["shape"].back().whole(1);
      rest = node.json();
      rest["type"] = "activation";
    }
    std::vector<io::LayerRecord> read;
    width = io::detail::RtneuralLayer(rest.is_null() ? node : io::Node(rest, node.place()), width).read(read);
    for (io::LayerRecord& record : read) records.emplace_back(std::move(record));
  }
  return records;
}

/// What RTNeural takes from a layer's type and not from a file, or in another form than inlay.
template <class L>
void adapt(const L& layer, io::LayerRecord& record) {
  if (std::get<std::string>(record.type.value) != L::type) return;
  if constexpr (L::type == "elu") record.values.insert_or_assign("alpha", io::Value{record.place, double{layer.alpha}});
  if constexpr (L::type == "prelu" && L::parameters > 1) {
    io::TensorRecord& alpha = record.tensors.at("alpha");
    if (alpha.shape.front() != 1) return;
    alpha.shape = {L::parameters};
    alpha.values.resize(L::parameters, alpha.values.front());
  }
}

/// Fills a model, or throws load_error and leaves it as it is.
template <class Model>
void fill(Model& model, Records records) {
  const auto fresh = std::make_unique<Model>(model);
  auto& chain = fresh->layers();
  constexpr std::size_t count = io::LeafCount<std::remove_cvref_t<decltype(chain)>>::value;
  if (records.size() != count)
    throw load_error("layers", io::concat({std::to_string(count), " layers, as the model type has"}),
                     io::concat({std::to_string(records.size()), " (an activation counts as a layer)"}));
  std::size_t i = 0;
  io::for_each_leaf(chain, [&]<class L>(L& layer) {
    const std::string number = std::to_string(i);
    std::optional<io::LayerRecord>& record = records[i++];
    if (!record) return;
    adapt(layer, *record);
    io::Fill filling(*record, number, L::type, L::in_size, L::out_size);
    layer.visit(filling);
    filling.finish();
    inlay::detail::prepare(layer);
  });
  model = *fresh;
  model.reset();
}

}  // namespace inlay::compat::rtneural::detail

/// Reader of the JSON files that RTNeural's Keras script writes: "in_shape", "layers", nested arrays of weights.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "inlay/io/json_cursor.hpp"
#include "inlay/io/make_record.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

namespace detail {

/// Appends the values of nested arrays to a tensor. `node` is at level `depth`; its extents must match the tensor's.
INLAY_ONCE void read_nested(const JsonCursor& node, TensorRecord& tensor, std::size_t depth) {
  const std::size_t extent = tensor.shape[depth];
  const bool innermost = depth + 1 == tensor.shape.size();
  if (node.size() != extent) node.fail(concat({extent, innermost ? " numbers" : " rows"}), node.size());
  if (innermost) tensor.row_places.push_back(node.place());
  for (std::size_t i = 0; i < extent; ++i) {
    if (innermost) tensor.values.push_back(node[i].in_float_range());
    else read_nested(node[i], tensor, depth + 1);
  }
}

INLAY_ONCE TensorRecord nested_tensor(const JsonCursor& node, std::initializer_list<std::size_t> shape) {
  TensorRecord tensor = make_tensor(node.place(), shape);
  read_nested(node, tensor, 0);
  return tensor;
}

/// Returns the number of values per frame. A shape of four extents is [batch, time, feature, channel].
INLAY_ONCE std::size_t rtneural_width(const JsonCursor& shape) {
  const std::size_t channels = shape.back().whole(1);
  return shape.size() == 4 ? shape[2].whole(1) * channels : channels;
}

/// Converts one layer of the file to one layer record, or to two if it has an activation.
class RtneuralLayer {
 public:
  RtneuralLayer(const JsonCursor& node, std::size_t in) : node_(node), in_(in), type_(node["type"]) {}

  /// Appends the layers and returns their number of output channels.
  std::size_t read(std::vector<LayerRecord>& layers) {
    record_ = make_layer(node_.place(), "");
    record_.type.place = type_.place();
    const std::string& type = type_.string();
    const JsonCursor shape = node_["shape"];
    out_ = rtneural_width(shape);
    out_place_ = shape.back().place();
    if (type == "dense" || type == "time-distributed-dense") dense();
    else if (type == "conv1d") conv1d();
    else if (type == "lstm") recurrent("lstm", 4);
    else if (type == "gru") recurrent("gru", 3);
    else if (type == "conv2d") conv2d();
    else if (type == "batchnorm") batchnorm(size("batchnorm1d"));
    else if (type == "batchnorm2d") batchnorm(features("batchnorm2d", "channels"));
    else if (type == "prelu") prelu();
    else if (type == "activation") {
      same_width();
      activation(layers);
      return out_;
    } else
      type_.fail(
          "dense, time-distributed-dense, conv1d, conv2d, lstm, gru, batchnorm, batchnorm2d, prelu or activation");
    append(layers, std::move(record_));
    if (type != "lstm" && type != "gru") activation(layers);  // a recurrent layer includes its activation
    return out_;
  }

 private:
  JsonCursor weights(std::size_t i) const { return node_["weights"][i]; }

  void expect_arrays(std::initializer_list<std::size_t> counts) const {
    const JsonCursor all = node_["weights"];
    std::string text;
    for (std::size_t count : counts) {
      if (all.size() == count) return;
      text += concat({text.empty() ? "" : " or ", count});
    }
    all.fail(concat({text, " arrays"}));
  }

  void same_width() const {
    if (out_ != in_) refuse(out_place_, concat({in_, ", the output size of the layer before it"}), out_);
  }

  void option(const char* name, auto value, const SourceLocation& place) { add(record_, {name, place, value}); }
  void tensor(const char* name, std::size_t i, std::initializer_list<std::size_t> shape) {
    add(record_, name, nested_tensor(weights(i), shape));
  }

  void sizes(const char* type) {
    record_.type.value = type;
    option("in", in_, node_.place());
    option("out", out_, out_place_);
  }
  /// Sets the type and "size" of a layer that keeps the number of channels. Returns that number.
  std::size_t size(const char* type) {
    same_width();
    record_.type.value = type;
    option("size", out_, out_place_);
    return out_;
  }
  /// Copies the option `theirs`, a number or the last entry of an array, to the option `ours`. Returns it.
  std::size_t number(const char* ours, const char* theirs) {
    const JsonCursor found = node_[theirs], number = found.json().is_array() ? found.back() : found;
    option(ours, number.whole(1), number.place());
    return number.whole(1);
  }
  /// Sets the type, the number of channels (the option `ours`) and of features. Returns the number of channels.
  std::size_t features(const char* type, const char* ours) {
    record_.type.value = type;
    const std::size_t channels = number(ours, "num_filters_in"), features = number("features", "num_features_in");
    if (channels > in_ || channels * features != in_)
      node_["num_filters_in"].fail(concat({"channels times features to be ", in_, ", the input size"}));
    return channels;
  }

  /// Throws load_error if an optional member is not 1: such a network is not supported.
  void expect_one(const char* name) const {
    const auto found = node_.find(name);
    if (!found) return;
    const JsonCursor number = found->json().is_array() ? found->back() : *found;
    if (!number.is(1)) number.fail("1");
  }

  void dense() {
    sizes("dense");
    expect_arrays({1, 2});
    tensor("kernel", 0, {in_, out_});
    if (node_["weights"].size() == 2) tensor("bias", 1, {out_});
  }

  void conv1d() {
    sizes("conv1d");
    expect_arrays({2});
    for (const char* name : {"strides", "stride"}) expect_one(name);
    const JsonCursor kernel_size = node_["kernel_size"].back(), dilation = node_["dilation"].back();
    const std::size_t taps = kernel_size.whole(1);
    std::size_t groups = 1;
    SourceLocation groups_place = node_.place();
    if (const auto g = node_.find("groups")) {
      groups = g->whole(1);
      groups_place = g->place();
      if (in_ % groups != 0 || out_ % groups != 0) g->fail(concat({"a divisor of ", in_, " and ", out_, " channels"}));
    }
    if (weights(0).size() != taps) kernel_size.fail(concat({weights(0).size(), ", the number of taps in weights[0]"}));
    option("kernel_size", taps, kernel_size.place());
    option("dilation", dilation.whole(1), dilation.place());
    option("groups", groups, groups_place);
    tensor("kernel", 0, {taps, in_ / groups, out_});
    tensor("bias", 1, {out_});
  }

  void conv2d() {
    const std::size_t channels = features("conv2d", "in"), filters = number("out", "num_filters_out");
    const std::size_t time = number("kernel_size_time", "kernel_size_time");
    const std::size_t width = number("kernel_size_features", "kernel_size_feature");
    number("dilation", "dilation");
    number("stride", "strides");
    const JsonCursor padding = node_["padding"];
    option("padding", std::string_view(padding.string()), padding.place());
    expect_arrays({1, 2});
    tensor("kernel", 0, {time, width, channels, filters});
    if (node_["weights"].size() == 2) tensor("bias", 1, {filters});
  }

  void recurrent(const char* type, std::size_t gates) {
    sizes(type);
    expect_arrays({3});
    if (const auto name = node_.find("activation"); name && name->string() != "tanh" && !name->string().empty())
      name->fail("\"tanh\" or \"\"");
    option("recurrent_activation", "sigmoid", node_.place());
    tensor("kernel", 0, {in_, gates * out_});
    tensor("recurrent_kernel", 1, {out_, gates * out_});
    if (gates == 4) {
      tensor("bias", 2, {4 * out_});
    } else {
      option("reset_after", true, node_.place());
      tensor("bias", 2, {2, 3 * out_});
    }
  }

  void batchnorm(std::size_t channels) {
    same_width();
    expect_arrays({2, 4});
    const JsonCursor epsilon = node_["epsilon"];
    option("epsilon", epsilon.number(), epsilon.place());
    std::size_t i = 0;
    if (node_["weights"].size() == 4)
      for (const char* name : {"gamma", "beta"}) tensor(name, i++, {channels});
    for (const char* name : {"mean", "variance"}) tensor(name, i++, {channels});
  }

  void prelu() {
    size("prelu");
    expect_arrays({1});
    JsonCursor alpha = weights(0);
    if (alpha.size() == 1 && alpha[0].json().is_array()) alpha = alpha[0];  // [1, C] or [C]
    add(record_, "alpha", nested_tensor(alpha, {alpha.size() == 1 ? 1 : out_}));
  }

  void activation(std::vector<LayerRecord>& layers) const {
    const auto node = node_.find("activation");
    const std::string name = node ? node->string() : "";
    if (name.empty() || name == "linear") return;
    LayerRecord layer = make_layer(node->place(), name, {{"size", node->place(), out_}});
    if (name == "elu") add(layer, {"alpha", node->place(), 1.0});
    else if (name != "tanh" && name != "relu" && name != "sigmoid" && name != "softmax")
      node->fail("\"\", tanh, relu, sigmoid, softmax or elu");
    append(layers, std::move(layer));
  }

  JsonCursor node_;
  std::size_t in_, out_ = 0;
  SourceLocation out_place_;
  JsonCursor type_;
  LayerRecord record_;
};

}  // namespace detail

/// Reads a file of RTNeural's format. Throws load_error.
INLAY_ONCE ModelFile read_rtneural(const JsonCursor& root) {
  ModelFile file;
  const JsonCursor layers = root["layers"];
  std::size_t width = detail::rtneural_width(root["in_shape"]);
  file.chain.place = layers.place();
  if (layers.size() == 0) layers.fail("at least one layer");
  for (std::size_t i = 0; i < layers.size(); ++i)
    width = detail::RtneuralLayer(layers[i].object(), width).read(file.chain.layers);
  return file;
}

}  // namespace inlay::io

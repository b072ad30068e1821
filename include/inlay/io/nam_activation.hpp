/// Activations of .nam files.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "inlay/io/make_record.hpp"

namespace inlay::io::detail {

/// Converts an activation of a .nam file to a layer of `size` channels. The activation is a name, or an object with
/// "type" and parameters.
class NamActivation {
 public:
  NamActivation(const JsonCursor& node, const Count& size)
      : node_(node), type_(node.json().is_object() ? node["type"] : node), size_(size) {}

  LayerRecord layer() const {
    const std::string name = type_.string();
    static constexpr std::pair<std::string_view, const char*> plain[] = {
        {"Tanh", "tanh"},           {"ReLU", "relu"},         {"Sigmoid", "sigmoid"},   {"SiLU", "silu"},
        {"Hardswish", "hardswish"}, {"Softsign", "softsign"}, {"Fasttanh", "fast_tanh"}};
    for (const auto& [nam, ours] : plain)
      if (name == nam) return make_plain(type_.place(), ours, size_);
    if (name == "Hardtanh") return with({{"min", value(-1)}, {"max", value(1)}}, "hardtanh");
    if (name == "LeakyReLU") return with({{"alpha", parameter("negative_slope", 0.01)}}, "leaky_relu");
    if (name == "LeakyHardtanh")
      return with({{"min", parameter("min_val", -1)},
                   {"max", parameter("max_val", 1)},
                   {"min_slope", parameter("min_slope", 0.01)},
                   {"max_slope", parameter("max_slope", 0.01)}},
                  "leaky_hardtanh");
    if (name == "PReLU") return prelu();
    type_.fail("Tanh, Fasttanh, Hardtanh, ReLU, LeakyReLU, PReLU, Sigmoid, SiLU, Hardswish, LeakyHardtanh or Softsign");
  }

 private:
  LayerRecord with(std::initializer_list<std::pair<const char*, Value>> values, const char* type) const {
    LayerRecord layer = make_layer(type_.place(), type, values);
    layer.values.emplace("size", size_);
    return layer;
  }

  /// PReLU with one slope for all channels, or with one slope per channel.
  LayerRecord prelu() const {
    const auto each = find("negative_slopes"), one = find("negative_slope");
    if (!each && !one) node_.fail("\"negative_slope\" or \"negative_slopes\" of PReLU", "neither");
    TensorRecord alpha{.place = each ? each->place() : one->place(), .shape = {1}, .values = {}, .row_places = {}};
    if (each) {
      if (each->size() != size_.full) each->fail(concat({std::to_string(size_.full), " slopes, one for each channel"}));
      alpha.shape[0] = size_;
      for (std::size_t i = 0; i < size_; ++i) alpha.values.push_back((*each)[i].in_float_range());
    } else {
      alpha.values.push_back(one->in_float_range());
    }
    LayerRecord layer = make_plain(type_.place(), "prelu", size_);
    layer.tensors.emplace("alpha", std::move(alpha));
    return layer;
  }

  std::optional<JsonCursor> find(std::string_view key) const {
    return node_.json().is_object() ? node_.find(key) : std::nullopt;
  }
  Value parameter(std::string_view key, double fallback) const {
    const auto found = find(key);
    return found ? Value{found->place(), found->in_float_range()} : value(fallback);
  }
  Value value(double x) const { return {type_.place(), x}; }

  JsonCursor node_, type_;
  Count size_;
};

inline LayerRecord nam_activation(const JsonCursor& node, const Count& size) {
  return NamActivation(node, size).layer();
}

}  // namespace inlay::io::detail

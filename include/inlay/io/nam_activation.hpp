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
    const std::string& name = type_.string();
    static constexpr std::pair<std::string_view, const char*> plain[] = {
        {"Tanh", "tanh"},           {"ReLU", "relu"},         {"Sigmoid", "sigmoid"},   {"SiLU", "silu"},
        {"Hardswish", "hardswish"}, {"Softsign", "softsign"}, {"Fasttanh", "fast_tanh"}};
    for (const auto& [nam, ours] : plain)
      if (name == nam) return make_plain(type_.place(), ours, size_);
    if (name == "Hardtanh") return with("hardtanh", {{"min", nullptr, -1}, {"max", nullptr, 1}});
    if (name == "LeakyReLU") return with("leaky_relu", {{"alpha", "negative_slope", 0.01}});
    if (name == "LeakyHardtanh" || name == "LeakyHardTanh")
      return with("leaky_hardtanh", {{"min", "min_val", -1},
                                     {"max", "max_val", 1},
                                     {"min_slope", "min_slope", 0.01},
                                     {"max_slope", "max_slope", 0.01}});
    if (name == "PReLU") return prelu();
    type_.fail("Tanh, Fasttanh, Hardtanh, ReLU, LeakyReLU, PReLU, Sigmoid, SiLU, Hardswish, LeakyHardtanh or Softsign");
  }

 private:
  /// A number of the layer, the file's name for it, and the value if the file has none; null: files never have it.
  struct Parameter {
    const char *ours, *theirs;
    double fallback;
  };
  LayerRecord with(const char* type, std::initializer_list<Parameter> parameters) const {
    LayerRecord layer = make_plain(type_.place(), type, size_);
    for (const auto& [ours, theirs, fallback] : parameters) {
      const auto found = theirs ? find(theirs) : std::nullopt;
      if (found) add(layer, {ours, found->place(), found->in_float_range()});
      else add(layer, {ours, type_.place(), fallback});
    }
    return layer;
  }

  /// PReLU with one slope for all channels, or with one slope per channel.
  LayerRecord prelu() const {
    const auto one = find("negative_slope"), each = one ? std::nullopt : find("negative_slopes");
    if (!each && !one) node_.fail("\"negative_slope\" or \"negative_slopes\" of PReLU", "neither");
    TensorRecord alpha = make_tensor(each ? each->place() : one->place(), {1});
    if (each) {
      if (each->size() != size_.full) each->fail(concat({size_.full, " slopes, one for each channel"}));
      alpha.shape[0] = size_;
      for (std::size_t i = 0; i < size_; ++i) alpha.values.push_back((*each)[i].in_float_range());
    } else {
      alpha.values.push_back(one->in_float_range());
    }
    LayerRecord layer = make_plain(type_.place(), "prelu", size_);
    add(layer, "alpha", std::move(alpha));
    return layer;
  }

  std::optional<JsonCursor> find(std::string_view key) const {
    return node_.json().is_object() ? node_.find(key) : std::nullopt;
  }

  JsonCursor node_, type_;
  Count size_;
};

INLAY_ONCE LayerRecord nam_activation(const JsonCursor& node, const Count& size) {
  return NamActivation(node, size).layer();
}

}  // namespace inlay::io::detail

/// One layer array of a .nam file's WaveNet.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inlay/io/nam_activation.hpp"
#include "inlay/io/nam_network.hpp"
#include "inlay/io/nam_weights.hpp"

namespace inlay::io::detail {

/// Returns the "active" flag of {"active", "groups", ...}, or `fallback` if it is missing.
INLAY_ONCE bool is_active(const JsonCursor& array, std::string_view key, bool fallback) {
  const auto found = find_value(array, key);
  const auto active = found ? found->find("active") : std::nullopt;
  return active ? active->boolean() : fallback;
}

/// Numbers of channels of an array. If `options.size` selects fewer channels, the first ones of each matrix are used.
struct NamArraySizes {
  NamArraySizes(const JsonCursor& node, const ReadOptions& options)
      : input_size(count(node["input_size"])),
        condition_size(count(node["condition_size"])),
        channels(chosen(node, options)),
        bottleneck(narrowed(node)),
        head_size(is_active(node, "head1x1", false) ? count(node["head1x1"]["out_channels"]) : bottleneck) {}

  Count input_size, condition_size, channels, bottleneck;
  Count head_size;  ///< channels of the head, the sum of the layers' skip outputs

 private:
  static Count chosen(const JsonCursor& node, const ReadOptions& options) {
    Count channels = count(node["channels"]);
    const auto slimmable = find_value(node, "slimmable");
    if (!slimmable || !options.size) return channels;
    const JsonCursor method = (*slimmable)["method"];
    if (method.string() != "slice_channels_uniform") method.fail("slice_channels_uniform");
    const double size = *options.size > 0 ? std::min(*options.size, 1.0) : 0;
    const auto of = [&](std::size_t n) { return std::min(static_cast<std::size_t>(size * double(n)), n - 1); };
    const auto arguments = find_value(*slimmable, "kwargs");
    const auto list = arguments ? find_value(*arguments, "allowed_channels") : std::nullopt;
    // Without "allowed_channels", every number of channels is allowed.
    channels.n = list ? allowed_channels(*list, channels)[of(list->size())] : of(channels.full) + 1;
    return channels;
  }
  static std::vector<std::size_t> allowed_channels(const JsonCursor& list, const Count& channels) {
    std::vector<std::size_t> allowed;
    for (std::size_t i = 0; i < list.size(); ++i)
      allowed.push_back(list[i].whole(i == 0 ? 1 : allowed[i - 1] + 1, channels));
    if (allowed.empty() || allowed.back() != channels)
      list.fail(concat({"a list whose last entry is ", channels.n, ", the number of channels"}));
    return allowed;
  }
  /// Bottleneck channels, reduced in proportion to `channels`.
  Count narrowed(const JsonCursor& node) const {
    const auto member = find_value(node, "bottleneck");
    if (!member) return channels;
    Count inner = count(*member);
    if (!channels.is_part()) return inner;
    if (!is_active(node, "layer1x1", true) && inner.full != channels.full)
      member->fail(
          concat({channels.full,
                  ", the number of channels, as layer1x1 is not active and the requested size selects channels"}));
    inner.n = std::max<std::size_t>(1, inner.full * channels.n / channels.full);
    return inner;
  }
};

/// The layers of an array process channels (x, head) and add to both. `to_x` maps the array's input to x. `to_output`
/// maps the head to the next array's head, or to the network's output.
class NamLayerArray : public NamArraySizes {
 public:
  /// `next` has the sizes of the following array; null for the last array.
  NamLayerArray(const JsonCursor& node, NamWeights& weights, const NamArraySizes& sizes, const NamArraySizes* next)
      : NamArraySizes(sizes),
        node_(node),
        weights_(weights),
        dilations_(array_of_up_to(node["dilations"], limits::nam_layers)) {
    append(to_x, weights_.conv1x1(input_size, channels, one(), false));
    for (std::size_t i = 0; i < dilations_.size(); ++i)
      if (LayerRecord record = layer(i); !weights_.ran_out()) append(layers, std::move(record));
    append(to_output, head(next));
  }

  Count output_size{0, {}};
  Layers to_x, layers, to_output;
  std::size_t past = 0;  ///< past frames of the input that the output depends on

 private:
  enum class Gating { none, gated, blended };

  LayerRecord layer(std::size_t i) {
    const Gating gating = gating_of(i);
    const Count inner = gating == Gating::none ? bottleneck : bottleneck.twice();
    const Count dilation = count(dilations_[i]), taps = count(kernel_size(i));
    const bool has_layer1x1 = is_active(node_, "layer1x1", true), has_head = is_active(node_, "head1x1", false);
    past += (taps - 1) * dilation;

    // In the order of the weights in the file.
    auto conv = weights_.conv1d(channels, inner, taps, dilation, count_or(node_, "groups_input", 1), true);
    auto mixin = weights_.conv1x1(condition_size, inner, count_or(node_, "groups_input_mixin", 1), false);
    Layers to_next =
        has_layer1x1 ? chain_of(weights_.conv1x1(bottleneck, channels, groups("layer1x1"), true)) : silence();
    Layers to_head = has_head ? chain_of(weights_.conv1x1(bottleneck, head_size, groups("head1x1"), true))
                              : chain_of(make_plain(node_.place(), "identity", bottleneck));
    auto conv_pre = film("conv_pre_film", channels), conv_post = film("conv_post_film", inner);
    auto mixin_pre = film("input_mixin_pre_film", condition_size), mixin_post = film("input_mixin_post_film", inner);
    auto activation_pre = film("activation_pre_film", inner);
    auto activation_post = film("activation_post_film", bottleneck);
    auto next_post = film_after("layer1x1", has_layer1x1, channels);
    auto head_post = film_after("head1x1", has_head, head_size);

    append(to_next, std::move(next_post));
    append(to_head, std::move(head_post));
    LayerRecord mixin_layer = make_layer(node_.place(), "mixin", {{"size", inner}});
    add_chain(mixin_layer, "layers", chain_of(std::move(mixin_pre), std::move(mixin), std::move(mixin_post)));

    LayerRecord layer = make_layer(dilations_[i].place(), "residual_skip");
    add_chain(layer, "path",
              chain_of(std::move(conv_pre), std::move(conv), std::move(conv_post), std::move(mixin_layer),
                       std::move(activation_pre), activation(i, gating), std::move(activation_post)));
    add_chain(layer, "residual", std::move(to_next));
    add_chain(layer, "skip", std::move(to_head));
    return layer;
  }

  /// Makes layers that output zeros for x, for an array without layer1x1.
  Layers silence() const {
    const Count& smaller = bottleneck < channels ? bottleneck : channels;
    Layers chain;
    if (bottleneck > smaller) append(chain, make_slice(node_.place(), bottleneck, 0, smaller));
    append(chain, make_scale(node_.place(), smaller, 0));
    if (channels > smaller) append(chain, make_layer(node_.place(), "pad", {{"in", smaller}, {"out", channels}}));
    return chain;
  }

  LayerRecord activation(std::size_t i, Gating gating) const {
    LayerRecord first = nam_activation(of_layer(i, node_["activation"]), bottleneck);
    if (gating == Gating::none) return first;
    LayerRecord layer = make_plain(node_.place(), gating == Gating::gated ? "gate" : "blend", bottleneck);
    add_chain(layer, "activation", chain_of(std::move(first)));
    add_chain(layer, "gate", chain_of(second_activation(i)));
    return layer;
  }
  LayerRecord second_activation(std::size_t i) const {
    if (const auto member = find_value(node_, "secondary_activation"))
      if (const JsonCursor own = of_layer(i, *member); !own.json().is_null()) return nam_activation(own, bottleneck);
    return make_plain(node_.place(), "sigmoid", bottleneck);
  }

  /// Gating of layer i. "gated" is the older form of "gating_mode".
  Gating gating_of(std::size_t i) const {
    const auto gated = find_value(node_, "gated"), mode = find_value(node_, "gating_mode");
    const bool is_gated = gated && gated->boolean();
    if (!mode) return is_gated ? Gating::gated : Gating::none;
    const JsonCursor own = of_layer(i, *mode);
    const std::string& name = own.string();
    if (is_gated && name != "gated") gated->fail(concat({"false, as gating_mode is \"", name, "\""}));
    if (name == "none") return Gating::none;
    if (name == "gated") return Gating::gated;
    if (name == "blended") return Gating::blended;
    own.fail("none, gated or blended");
  }

  JsonCursor kernel_size(std::size_t i) const {
    const auto one_size = find_value(node_, "kernel_size"), sizes = find_value(node_, "kernel_sizes");
    if (!one_size == !sizes) node_.fail("either \"kernel_size\" or \"kernel_sizes\"", sizes ? "both" : "neither");
    return of_layer(i, sizes ? *sizes : *one_size);
  }

  /// Value for layer i: a single value applies to all layers, an array has one value per layer.
  JsonCursor of_layer(std::size_t i, const JsonCursor& value) const {
    if (!value.json().is_array()) return value;
    if (value.size() != dilations_.size()) value.fail(concat({dilations_.size(), " entries, as many as dilations"}));
    return value[i];
  }

  Count groups(std::string_view key) const {
    const auto found = find_value(node_, key);
    return found ? count_or(*found, "groups", 1) : one();
  }
  Count one() const { return {1, node_.place()}; }

  /// Reads a FiLM, false or {"active", "shift", "groups"}: the condition gives scales and, with "shift", shifts.
  std::optional<LayerRecord> film(std::string_view key, const Count& size) {
    const auto found = find_value(node_, key);
    if (!found || (found->json().is_boolean() && !found->boolean())) return std::nullopt;
    const auto flag = [&](std::string_view name) {
      const auto member = found->find(name);
      return !member || member->boolean();
    };
    if (!flag("active")) return std::nullopt;
    LayerRecord layer = make_plain(found->place(), "film", size);
    add_chain(layer, "layers",
              chain_of(weights_.conv1x1(condition_size, flag("shift") ? size.twice() : size,
                                        count_or(*found, "groups", 1), true)));
    return layer;
  }

  /// Reads the FiLM after `layer`. Throws load_error if that layer is not active.
  std::optional<LayerRecord> film_after(std::string_view layer, bool is_there, const Count& size) {
    const std::string key = concat({layer, "_post_film"});
    auto film_layer = film(key, size);
    if (film_layer && !is_there)
      node_[key].fail(concat({"no active FiLM, as ", layer, " is not active"}), "an active FiLM");
    return film_layer;
  }

  /// Reads the head: {"out_channels", "kernel_size", "bias"}, or the older "head_size" and "head_bias".
  LayerRecord head(const NamArraySizes* next) {
    const auto member = find_value(node_, "head");
    if (member && node_.find("head_size")) node_["head_size"].fail("either \"head\" or \"head_size\", not both");
    output_size = count(member ? (*member)["out_channels"] : node_["head_size"]);
    if (next)
      output_size = same_channels(output_size, next->head_size, ", the number of head channels of the next array");
    if (!member) return weights_.conv1x1(head_size, output_size, one(), node_["head_bias"].boolean());
    const Count taps = count((*member)["kernel_size"]), dilation = count_or(*member, "head_dilation", 1);
    const bool bias = (*member)["bias"].boolean();
    past += (taps - 1) * dilation;
    if (taps == 1) return weights_.conv1x1(head_size, output_size, one(), bias);
    return weights_.conv1d(head_size, output_size, taps, dilation, one(), bias);
  }

  JsonCursor node_;
  NamWeights& weights_;
  JsonCursor dilations_;
};

}  // namespace inlay::io::detail

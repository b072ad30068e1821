/// Reader of the WaveNet architecture of .nam files.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "inlay/io/nam_layer_array.hpp"
#include "inlay/io/nam_network.hpp"
#include "inlay/io/nam_weights.hpp"

namespace inlay::io::detail {

/// Function that reads a model inside a model.
using NamReader = NamNetwork (*)(const JsonCursor& model, const ReadOptions& options);

/// Reads the condition of all layers: the input, or the output of another model ("condition_dsp") for it.
INLAY_ONCE NamNetwork read_nam_condition(const JsonCursor& config, const Count& in, NamReader read_inside) {
  const auto inside = find_value(config, "condition_dsp");
  if (!inside) return {chain_of(make_plain(config.place(), "identity", in)), in, in, prewarmed(1)};
  NamNetwork condition = read_inside(*inside, {});
  if (condition.in != in)
    inside->fail(concat({"a model with ", in.n, " input channels, as many as the network has"}), condition.in);
  return condition;
}

/// Reads the post-stack head: convolutions, each with an activation before it.
INLAY_ONCE NamNetwork read_nam_head(const JsonCursor& head, Count in, NamWeights& weights) {
  NamNetwork network{{}, in, in, {}};
  const JsonCursor sizes = array_of_up_to(head["kernel_sizes"], limits::nam_layers);
  const Count channels = count(head["channels"]), out = count(head["out_channels"]), one{1, head.place()};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const Count taps = count(sizes[i]);
    const Count& to = i + 1 == sizes.size() ? out : channels;
    append(network.layers, nam_activation(head["activation"], in));
    append(network.layers, weights.conv1d(in, to, taps, one, one, true));
    network.info.prewarm += taps - 1;
    in = to;
  }
  network.out = out;
  return network;
}

INLAY_ONCE NamNetwork read_nam_wavenet(const JsonCursor& model, NamWeights& weights, const ReadOptions& options,
                                       NamReader read_inside) {
  const JsonCursor config = model["config"], arrays = array_of_up_to(config["layers"], limits::nam_arrays);
  const Count in = count_or(config, "in_channels", 1);
  NamNetwork condition = read_nam_condition(config, in, read_inside);
  NamNetwork network{{}, in, 1, prewarmed(condition.info.prewarm)};

  std::vector<NamArraySizes> sizes;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    NamArraySizes& own = sizes.emplace_back(arrays[i].object(), options);
    expect_equal(own.condition_size, condition.out, ", the number of channels of the condition");
    own.input_size =
        same_channels(own.input_size, i == 0 ? in : sizes[i - 1].channels, ", the number of input channels");
  }

  Layers layers, to_output;
  Count output = in;  // channels of the previous array's head output
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    NamLayerArray array(arrays[i], weights, sizes[i], i + 1 < sizes.size() ? &sizes[i + 1] : nullptr);
    if (i == 0) {
      append(layers, std::move(array.to_x));
      append(layers, make_layer(array.channels.place, "pad",
                                {{"in", array.channels},
                                 {"out", array.head_size.place, array.channels.n + array.head_size.n}}));
    } else {
      LayerRecord split = make_layer(arrays[i].place(), "split");
      add_chain(split, "branches", std::move(array.to_x));
      add_chain(split, "branches", std::move(to_output));
      append(layers, std::move(split));
    }
    append(layers, std::move(array.layers));
    to_output = std::move(array.to_output);
    network.info.prewarm += array.past;
    output = array.output_size;
    if (i + 1 == arrays.size()) {
      const Count both{array.channels.n + array.head_size.n, array.channels.place};
      append(layers, make_slice(arrays[i].place(), both, array.channels, array.head_size));
      append(layers, std::move(to_output));
    }
  }

  NamNetwork head{{}, output, output, {}};
  if (const auto node = find_value(config, "head")) head = read_nam_head(*node, output, weights);
  // The head scale is the last weight; config.head_scale is ignored.
  append(layers, make_scale(config.place(), output, weights.number()));
  append(layers, std::move(head.layers));
  network.out = head.out;
  network.info.prewarm += head.info.prewarm;

  LayerRecord whole = make_layer(config.place(), "conditioned_by");
  add_chain(whole, "source", std::move(condition.layers));
  add_chain(whole, "layers", std::move(layers));
  append(network.layers, std::move(whole));
  return network;
}

}  // namespace inlay::io::detail

/// Reader of Neural Amp Modeler's .nam files, versions 0.5 to 0.7.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "inlay/io/json_cursor.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/nam_activation.hpp"
#include "inlay/io/nam_network.hpp"
#include "inlay/io/nam_wavenet.hpp"
#include "inlay/io/nam_weights.hpp"
#include "inlay/io/number_text.hpp"

namespace inlay::io {

namespace detail {

/// Frames in half a second at 48 kHz: the most silence that is run for an impulse response.
inline constexpr std::size_t half_a_second = 24000;

/// Reads an impulse response as a convolution. The file's weights are h[0], h[1], ...; a kernel is stored oldest tap
/// first, so the order is reversed. As many outputs as inputs: all channels have the same response and bias. One input
/// and n outputs, or n inputs whose results are added: n responses, one after the other, and a bias for each output.
INLAY_ONCE NamNetwork read_nam_linear(const JsonCursor& config, NamWeights& weights) {
  const Count taps = count(config["receptive_field"], 1, limits::past_values), one{1, config.place()};
  const Count in = count_or(config, "in_channels", 1), out = count_or(config, "out_channels", 1);
  const bool same = in == out;
  if (!same && in != 1 && out != 1)
    refuse(out.place, concat({"1 or ", in.n, ", the number of input channels, unless that is 1"}), out.n);
  if (taps - 1 > limits::past_values / std::max(in.n, out.n))
    refuse(config["receptive_field"].place(),
           concat({"a response for which the channels keep at most ", limits::past_values, " past values"}), taps.n);
  LayerRecord layer =
      make_layer(config.place(), "conv1d",
                 {{"in", in}, {"out", out}, {"kernel_size", taps}, {"dilation", one}, {"groups", same ? in : one}});
  constexpr auto backwards = static_cast<std::size_t>(-1);
  const std::size_t first = weights.take(std::uint64_t{taps} * (same ? 1 : std::max(in.n, out.n)));
  add(layer, "kernel",
      weights.tensor(first, taps - 1, {{taps, backwards}, {same ? 1 : in.n, taps}, {out, same ? 0 : taps.n}}));
  if (config["bias"].boolean())
    add(layer, "bias", same ? weights.tensor(weights.take(1), 0, {{out, 0}}) : weights.vector(out));
  return {chain_of(std::move(layer)), in, out, {}, std::min<std::size_t>(taps - 1, half_a_second)};
}

/// Reads a ConvNet: dilated convolutions of two taps, each with an optional batch normalisation and an activation, then
/// a Dense.
INLAY_ONCE NamNetwork read_nam_convnet(const JsonCursor& config, NamWeights& weights) {
  const JsonCursor dilations = array_of_up_to(config["dilations"], limits::nam_layers);
  const Count channels = count(config["channels"]), groups = count_or(config, "groups", 1);
  const Count in = count_or(config, "in_channels", 1), out = count_or(config, "out_channels", 1);
  const Count one{1, config.place()}, taps{2, config.place()};
  const bool normalised = config["batchnorm"].boolean();
  NamNetwork network{{}, in, out, prewarmed(1)};
  for (std::size_t i = 0; i < dilations.size(); ++i) {
    const Count dilation = count(dilations[i]);
    append(network.layers, weights.conv1d(i == 0 ? in : channels, channels, taps, dilation, groups, !normalised));
    if (normalised) {
      LayerRecord norm = make_plain(weights.place(weights.take(0)), "batchnorm1d", channels);
      for (const char* name : {"mean", "variance", "gamma", "beta"}) add(norm, name, weights.vector(channels));
      const SourceLocation place = weights.place(weights.take(0));
      add(norm, {"epsilon", place, weights.number()});
      append(network.layers, std::move(norm));
    }
    append(network.layers, nam_activation(config["activation"], channels));
    network.info.prewarm += dilation;
  }
  append(network.layers, weights.conv1x1(channels, out, one, true));
  return network;
}

/// Adds a tensor unless all its values are zero, the default initial state of a layer.
INLAY_ONCE void add_unless_zero(LayerRecord& layer, const char* name, TensorRecord tensor) {
  for (double x : tensor.values)
    if (x != 0) {
      add(layer, name, std::move(tensor));
      return;
    }
}

/// Reads a stack of LSTM layers, then a Dense. The prewarm is half a second, if the file has a sample rate.
INLAY_ONCE NamNetwork read_nam_lstm(const JsonCursor& model, NamWeights& weights) {
  const JsonCursor config = model["config"];
  const Count layers = count(config["num_layers"], 1, limits::nam_layers), hidden = count(config["hidden_size"]);
  const Count in = count(config["input_size"]), out = count_or(config, "out_channels", 1), one{1, config.place()};
  const std::size_t h = hidden;
  const std::uint64_t square = std::uint64_t{h} * h,
                      fixed = 4 * square + 6 * h;  // weights of a layer, without the input kernel
  if (const auto channels = config.find("in_channels")) expect_equal(count(*channels), in, ", as input_size");
  weights.expect(layers * fixed + std::uint64_t{4} * h * in + 4 * (layers - 1) * square + std::uint64_t{out} * (h + 1));

  NamNetwork network{{}, in, out, prewarmed(1)};
  if (const auto rate = find_value(model, "sample_rate"))
    network.info.prewarm = std::min(limits::prewarm, static_cast<std::size_t>(std::min(rate->positive() / 2, 1e9)));
  for (std::size_t i = 0; i < layers; ++i) {
    const Count& from = i == 0 ? in : hidden;
    const std::size_t width = from + h, rows = 4 * h, first = weights.take(std::uint64_t{rows} * width);
    // Rows: gates, in inlay's order. Columns: the input, then the hidden state.
    const auto columns = [&](std::size_t begin, std::size_t count) {
      return weights.tensor(first, begin, {{count, 1}, {rows, width}});
    };
    LayerRecord layer =
        make_layer(weights.place(first), "lstm",
                   {{"in", from}, {"out", hidden}, {"recurrent_activation", config.place(), "sigmoid"}});
    add(layer, "kernel", columns(0, from));
    add(layer, "recurrent_kernel", columns(from, h));
    add(layer, "bias", weights.vector(rows));
    add_unless_zero(layer, "initial_hidden", weights.vector(h));
    add_unless_zero(layer, "initial_cell", weights.vector(h));
    append(network.layers, std::move(layer));
  }
  append(network.layers, weights.conv1x1(hidden, out, one, true));
  return network;
}

NamNetwork read_nam_network(const JsonCursor& model, const ReadOptions& options);

/// Reads a SlimmableContainer: one model in several sizes, each a complete model. All are read, so that damage in any
/// of them is found; the one that `options.size` selects is returned.
INLAY_ONCE NamNetwork read_nam_container(const JsonCursor& config, const ReadOptions& options) {
  const JsonCursor submodels = array_of_up_to(config["submodels"], limits::nam_submodels);
  std::optional<NamNetwork> chosen;
  double below = 0;
  for (std::size_t i = 0; i < submodels.size(); ++i) {
    const JsonCursor most = submodels[i]["max_value"];
    const bool last = i + 1 == submodels.size();
    if (i > 0 && !(most.number() > below)) most.fail("a value larger than that of the previous submodel");
    below = most.number();
    if (last && below < 1) most.fail("at least 1, as this is the last submodel");
    NamNetwork network = read_nam_network(submodels[i]["model"], {});  // in full size
    if (!chosen && (last || (options.size && *options.size < below))) chosen = std::move(network);
  }
  return std::move(*chosen);
}

/// Reads a Sequential: models in a row, such as an amplifier and a cabinet, each a complete model. `options` apply to
/// each of them. The metadata is that of the row alone: no loudness of a model is the loudness of the row.
INLAY_ONCE NamNetwork read_nam_sequential(const JsonCursor& model, const ReadOptions& options) {
  const JsonCursor models = array_of_up_to(model["config"]["models"], limits::nam_submodels);
  NamNetwork row{{}, 0, 0, {}};
  if (const auto rate = find_value(model, "sample_rate")) row.info.sample_rate = rate->positive();
  for (std::size_t i = 0; i < models.size(); ++i) {
    const JsonCursor place = models[i].object();
    if (!place.find("architecture") || !place.find("weights"))
      place.fail("a complete model with \"version\", \"architecture\", \"config\" and \"weights\"", "a part of one");
    NamNetwork next = read_nam_network(place, options);
    if (i == 0) row.in = next.in;
    else if (next.in != row.out)
      place.fail(concat({"a model with ", row.out, " input channels, the output channels of the one before"}), next.in);
    row.out = next.out;
    if (row.info.sample_rate && next.info.sample_rate && *row.info.sample_rate != *next.info.sample_rate)
      place.fail(concat({"a model for ", number_text(*row.info.sample_rate), " Hz, as the ones before"}),
                 number_text(*next.info.sample_rate));
    if (next.info.sample_rate) row.info.sample_rate = next.info.sample_rate;
    row.info.prewarm += next.info.prewarm + (i == 0 ? 0 : next.after_another);
    if (i == 0) row.after_another = next.after_another;
    append(row.layers, std::move(next.layers));
  }
  return row;
}

INLAY_ONCE void expect_nam_version(const JsonCursor& node) {
  const std::string& version = node.string();
  for (const char* known : {"0.5.", "0.6.", "0.7."})
    if (version.starts_with(known)) return;
  node.fail("\"0.5.0\" to \"0.7.x\"");
}

/// Reads a model: the root of the file, or a model inside another model.
INLAY_ONCE NamNetwork read_nam_network(const JsonCursor& model, const ReadOptions& options) {
  expect_nam_version(model["version"]);
  const JsonCursor architecture = model["architecture"], config = model["config"].object();
  const std::string& name = architecture.string();
  NamWeights weights(model["weights"]);
  NamNetwork network;
  if (name == "WaveNet") network = read_nam_wavenet(model, weights, options, read_nam_network);
  else if (name == "LSTM") network = read_nam_lstm(model, weights);
  else if (name == "ConvNet") network = read_nam_convnet(config, weights);
  else if (name == "Linear") network = read_nam_linear(config, weights);
  else if (name == "SlimmableContainer") network = read_nam_container(config, options);
  else if (name == "Sequential") network = read_nam_sequential(model, options);
  else architecture.fail("WaveNet, LSTM, ConvNet, Linear, SlimmableContainer or Sequential");
  weights.finish();
  // Members of a container override those of its model.
  if (const auto rate = find_value(model, "sample_rate")) network.info.sample_rate = rate->positive();
  if (const auto metadata = find_value(model, "metadata")) network.info.metadata = metadata->object().json().text();
  network.info.prewarm = std::min(network.info.prewarm, limits::prewarm);
  return network;
}

}  // namespace detail

/// Reads a .nam file. The format has no check, so the output is not verified. Throws load_error.
INLAY_ONCE ModelFile read_nam(const JsonCursor& root, const ReadOptions& options = {}) {
  detail::NamNetwork network = detail::read_nam_network(root, options);
  ModelFile file;
  file.info = std::move(network.info);
  file.chain = {"config", std::move(network.layers)};
  return file;
}

}  // namespace inlay::io

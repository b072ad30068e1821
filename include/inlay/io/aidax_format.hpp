/// Reader of AIDA-X files: RTNeural's JSON plus input gain, output gain, bypass and a test signal.
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "inlay/io/json_cursor.hpp"
#include "inlay/io/make_record.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/parse.hpp"
#include "inlay/io/rtneural_format.hpp"

namespace inlay::io {

namespace detail {

/// Converts decibels to a linear factor. -90 dB and below give 0; a missing value gives 1.
INLAY_ONCE double gain(const std::optional<JsonCursor>& node) {
  const double decibels = node ? node->number() : 0;
  if (decibels > 200) node->fail("a gain of at most 200 dB");
  return decibels <= -90 ? 0 : std::pow(10, decibels / 20);
}

/// Reads a sample rate in Hz, written as a number or as a string that holds a number.
INLAY_ONCE double read_rate(const JsonCursor& node) {
  if (!node.json().is_string()) return node.positive();
  Json inside;
  try {
    inside = parse(node.string());
  } catch (const load_error&) {  // not a number either
  }
  if (!inside.is_number()) node.fail("a sample rate in Hz");
  return JsonCursor(inside, node.place()).positive();
}

/// Reads [x, x, ...] as a tensor of shape [frames, 1] and multiplies it by `factor`.
INLAY_ONCE TensorRecord read_batch(const JsonCursor& node, double factor) {
  TensorRecord signal = make_tensor(node.place(), {node.size(), 1});
  for (std::size_t i = 0; i < node.size(); ++i) {
    signal.values.push_back(factor * node[i].in_float_range());
    if (!is_float(signal.values.back())) node[i].fail("a number that the gains leave in the range of a float");
  }
  return signal;
}

}  // namespace detail

/// Reads an AIDA-X file: y = out_gain (model(u) + in_skip u), where u = in_gain x. Gains become `scale` layers, the
/// bypass becomes a `residual` layer; gains of 0 dB and a bypass of 0 add no layer. Throws load_error.
INLAY_ONCE ModelFile read_aidax(const JsonCursor& root) {
  using namespace detail;
  ModelFile file = read_rtneural(root);
  const JsonCursor layers = root["layers"];
  const Count in = count(root["in_shape"].back()), out = count(layers.back()["shape"].back());
  const auto in_gain = root.find("in_gain"), out_gain = root.find("out_gain"), in_skip = root.find("in_skip");
  const double input_gain = gain(in_gain), output_gain = gain(out_gain);
  const bool skips = in_skip && in_skip->whole(0, 1) == 1;

  const auto expect_one = [](const Count& channels, const JsonCursor& key) {
    if (channels != 1) key.fail(concat({"0, as there are ", channels.n, " channels"}));
  };
  if (input_gain != 1) expect_one(in, *in_gain);
  if (skips) expect_one(in, *in_skip);
  if (skips) expect_one(out, *in_skip);
  if (skips) {
    LayerRecord residual = make_layer(in_skip->place(), "residual");
    add_chain(residual, "layers", std::move(file.chain.layers));
    file.chain.layers = chain_of(std::move(residual));
  }
  if (input_gain != 1)
    file.chain.layers = chain_of(make_scale(in_gain->place(), in, input_gain), std::move(file.chain.layers));
  if (output_gain != 1) append(file.chain.layers, make_scale(out_gain->place(), out, output_gain));

  const auto metadata = root.find("metadata");
  if (metadata) file.info.metadata = metadata->object().json().text();
  if (const auto rate = root.find("samplerate")) file.info.sample_rate = read_rate(*rate);
  else if (const auto samplerate = metadata ? metadata->find("samplerate") : std::nullopt)
    file.info.sample_rate = read_rate(*samplerate);

  // The test signal was recorded without the gains: undo the input gain, apply the output gain.
  const auto input = root.find("input_batch"), output = root.find("output_batch");
  if (input && output && input_gain > 0 && in == 1 && out == 1) {
    Check check{.source = "the file's output_batch",
                .dtype = "float32",
                .input = read_batch(*input, 1 / input_gain),
                .output = read_batch(*output, output_gain),
                .condition = {},
                .tolerance = 1e-4};
    if (check.input.shape[0] == 0) input->fail("a signal");
    if (check.output.shape != check.input.shape) output->fail(concat({input->size(), " numbers, as input_batch has"}));
    file.check = std::move(check);
  }
  return file;
}

}  // namespace inlay::io

/// Reader of the JSON files of Proteus and NeuralPi: PyTorch's state_dict of a recurrent layer "rec" and a linear layer
/// "lin".
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "inlay/io/json_cursor.hpp"
#include "inlay/io/make_record.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

namespace detail {

/// Converts the "model_data" and "state_dict" of a file to layers.
class ProteusReader {
 public:
  explicit ProteusReader(const JsonCursor& root)
      : data_(root["model_data"].object()), state_(root["state_dict"].object()) {}

  /// Reads y = lin(rec(x)) + skip x[0]. Input channels after the first are knobs, which become side channels.
  Layers read() {
    if (const auto model = data_.find("model"); model && model->string() != "SimpleRNN") model->fail("\"SimpleRNN\"");
    const Count in = count(data_["input_size"]), hidden = count(data_["hidden_size"]);
    const Count out = count(data_["output_size"]), depth = count(data_["num_layers"]);
    Layers layers;
    if (in > 1)
      append(layers, make_layer(in.place, "append_condition",
                                {{"size", in.place, std::size_t{1}}, {"condition_size", in.place, in - 1}}));
    for (std::size_t i = 0; i < depth; ++i) append(layers, recurrent(i, i == 0 ? in : hidden, hidden));
    append(layers, linear(hidden, out));
    expect_all_used();

    const JsonCursor skip = data_["skip"];
    if (!flag(skip)) return layers;
    if (out != 1) skip.fail(concat({"0, as the output has ", out.n, " channels"}));
    LayerRecord residual = make_layer(skip.place(), "residual");
    add_chain(residual, "layers", std::move(layers));
    return chain_of(std::move(residual));
  }

 private:
  /// A recurrent cell of PyTorch: gates[i] is the index in PyTorch of inlay's gate i.
  struct Cell {
    const char* type;
    std::vector<std::size_t> gates;
  };
  Cell cell() const {
    const JsonCursor type = data_["unit_type"];
    const std::string& name = type.string();
    if (name == "LSTM") return {"lstm", {0, 1, 2, 3}};
    if (name == "GRU") return {"gru", {1, 0, 2}};  // PyTorch: r, z, n. inlay: z, r, n.
    if (name == "RNN") return {"rnn", {0}};
    type.fail("LSTM, GRU or RNN");
  }

  LayerRecord recurrent(std::size_t i, const Count& in, const Count& hidden) {
    const Cell own = cell();
    const std::string suffix = concat({"_l", i});
    LayerRecord layer = make_layer(state_.place(), own.type, {{"in", in}, {"out", hidden}});
    const bool gated = own.gates.size() > 1, two_biases = own.gates.size() == 3;
    if (gated) add(layer, {"recurrent_activation", data_.place(), "sigmoid"});
    else add(layer, {"activation", data_.place(), "tanh"});
    add(layer, "kernel", matrix("rec.weight_ih" + suffix, own.gates, hidden, in));
    add(layer, "recurrent_kernel", matrix("rec.weight_hh" + suffix, own.gates, hidden, hidden));

    // Both biases or none; none only if "bias_fl" is false.
    const std::string of_input = "rec.bias_ih" + suffix, of_state = "rec.bias_hh" + suffix;
    const bool biased = has_biases() || state_.find(of_input) || state_.find(of_state);
    const auto bias_of = [&](const std::string& key) {
      return biased ? vector(key, own.gates, hidden) : zeros(own.gates.size() * hidden);
    };
    TensorRecord bias = bias_of(of_input);
    const TensorRecord other = bias_of(of_state);
    if (two_biases) {
      add(layer, {"reset_after", data_.place(), true});
      bias.values.insert(bias.values.end(), other.values.begin(), other.values.end());
      bias.shape.insert(bias.shape.begin(), 2);
    } else {
      for (std::size_t k = 0; k < bias.values.size(); ++k) {
        bias.values[k] += other.values[k];
        if (!is_float(bias.values[k]))
          state_[of_state][k].fail(concat({"a number that added to ", of_input, " is in the range of a float"}));
      }
    }
    add(layer, "bias", std::move(bias));
    return layer;
  }

  LayerRecord linear(const Count& in, const Count& out) {
    static constexpr std::size_t one_gate[] = {0};
    LayerRecord layer = make_layer(state_.place(), "dense", {{"in", in}, {"out", out}});
    add(layer, "kernel", matrix("lin.weight", one_gate, out, in));
    if (has_biases() || state_.find("lin.bias")) add(layer, "bias", vector("lin.bias", one_gate, out));
    return layer;
  }

  /// Reads PyTorch's matrix [gates size, in], grouped by gate, as [in, gates size] in inlay's gate order.
  TensorRecord matrix(const std::string& key, std::span<const std::size_t> gates, std::size_t size, std::size_t in) {
    const JsonCursor rows = tensor(key, gates.size() * size);
    TensorRecord record = make_tensor(rows.place(), {in, rows.size()});
    for (std::size_t i = 0; i < rows.size(); ++i) expect_size(rows[i], in);
    record.values.reserve(in * rows.size());
    for (std::size_t c = 0; c < in; ++c)
      for (std::size_t gate : gates)
        for (std::size_t unit = 0; unit < size; ++unit)
          record.values.push_back(rows[gate * size + unit][c].in_float_range());
    return record;
  }

  TensorRecord vector(const std::string& key, std::span<const std::size_t> gates, std::size_t size) {
    const JsonCursor values = tensor(key, gates.size() * size);
    TensorRecord record = make_tensor(values.place(), {values.size()});
    for (std::size_t gate : gates)
      for (std::size_t unit = 0; unit < size; ++unit)
        record.values.push_back(values[gate * size + unit].in_float_range());
    return record;
  }

  TensorRecord zeros(std::size_t size) const {
    return {.place = state_.place(), .shape = {size}, .values = std::vector<double>(size), .row_places = {}};
  }

  /// Returns whether "bias_fl" promises biases. The code that trains these models omits only the linear layer's bias.
  bool has_biases() const {
    const auto bias = data_.find("bias_fl");
    return !bias || flag(*bias);
  }

  JsonCursor tensor(const std::string& key, std::size_t rows) {
    used_.insert(key);
    const JsonCursor found = state_[key];
    expect_size(found, rows);
    return found;
  }
  static void expect_size(const JsonCursor& array, std::size_t size) {
    if (array.size() != size) array.fail(concat({size, " entries"}), array.size());
  }

  /// Reads a flag: true or false, 1 or 0.
  static bool flag(const JsonCursor& node) { return node.json().is_boolean() ? node.boolean() : node.whole(0, 1) == 1; }

  /// Throws load_error if a tensor was not used: it belongs to another network.
  void expect_all_used() const {
    for (const auto& [key, value] : state_.json().members())
      if (!used_.contains(key)) state_[key].fail("no such tensor in this model");
  }

  JsonCursor data_, state_;
  std::set<std::string, std::less<>> used_;
};

}  // namespace detail

/// Reads a Proteus or NeuralPi file. The format has no sample rate; its plug-ins run at 44.1 kHz. Throws load_error.
INLAY_ONCE ModelFile read_proteus(const JsonCursor& root) {
  ModelFile file;
  file.chain = {"state_dict", detail::ProteusReader(root).read()};
  return file;
}

}  // namespace inlay::io

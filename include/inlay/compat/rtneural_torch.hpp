/// RTNeural's torch_helpers: layers from a PyTorch state_dict in JSON. Included by rtneural.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "inlay/compat/rtneural_arrays.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/io/json_cursor.hpp"

namespace inlay::INLAY_ISA::compat::rtneural::torch_helpers {

namespace detail {

using rtneural::detail::Planes, rtneural::detail::Rows, rtneural::detail::scalar_of, rtneural::detail::size,
    rtneural::detail::transposed;

/// A state_dict without the other tensors.
inline io::Json only(const nlohmann::json& state_dict, const std::string& name) {
  if (!state_dict.is_object()) return io::json_of(state_dict);
  nlohmann::json one = nlohmann::json::object();
  if (state_dict.contains(name)) one[name] = state_dict[name];
  return io::json_of(one);
}

template <class Values, std::size_t N>
Values read(const nlohmann::json& state_dict, const std::string& name, const std::size_t (&shape)[N]) {
  const io::Json document = only(state_dict, name);
  return rtneural::detail::read<Values>(io::JsonCursor(document, "")[name], shape);
}

/// Zeros for a layer that was trained without a bias; load_error where the file has one after all.
template <class T>
std::vector<T> read_bias(const nlohmann::json& state_dict, const std::string& name, std::size_t size, bool there_is) {
  if (there_is) return read<std::vector<T>>(state_dict, name, {size});
  const io::Json document = only(state_dict, name);
  if (const auto bias = io::JsonCursor(document, "").find(name)) bias->fail("no bias, as for this layer");
  return std::vector<T>(size);
}

/// By RTNeural's name; nothing of nothing.
template <class T>
Rows<T> transpose(const Rows<T>& x) {
  return transposed(x);
}

/// Reverses every kernel, as nn.Conv1d and setWeights have them the other way round.
template <class T>
void reverseKernels(Planes<T>& weights) {
  rtneural::detail::reverse_kernels(weights);
}

/// [in][out][kernel], as nn.ConvTranspose1d has them, as [out][in][kernel].
template <class T>
Planes<T> reverseChannels(const Planes<T>& weights) {
  Planes<T> y(weights.empty() ? 0 : weights.front().size(), Rows<T>(weights.size()));
  for (std::size_t i = 0; i < weights.size(); ++i)
    for (std::size_t o = 0; o < y.size(); ++o) y[o][i] = weights[i][o];
  return y;
}

/// PyTorch has the gates r, z, n, where Keras and RTNeural have z, r, n.
template <class T>
void swap_rz(Rows<T>& rows, int units) {
  for (std::vector<T>& row : rows) std::swap_ranges(row.begin(), row.begin() + units, row.begin() + units);
}
template <class T>
Rows<T> swapped_rz(Rows<T> rows, std::size_t units) {
  swap_rz(rows, static_cast<int>(units));
  return rows;
}

/// The tensors of one layer of nn.LSTM or nn.GRU, with `rows` rows each.
template <class T>
struct Recurrent {
  Rows<T> input, state;
  std::vector<T> input_bias, state_bias;

  Recurrent(const nlohmann::json& state_dict, const std::string& prefix, std::size_t in, std::size_t out,
            std::size_t rows, bool bias, int layer)
      : input(read<Rows<T>>(state_dict, name(prefix, "weight_ih", layer), {rows, in})),
        state(read<Rows<T>>(state_dict, name(prefix, "weight_hh", layer), {rows, out})),
        input_bias(read_bias<T>(state_dict, name(prefix, "bias_ih", layer), rows, bias)),
        state_bias(read_bias<T>(state_dict, name(prefix, "bias_hh", layer), rows, bias)) {}

 private:
  static std::string name(const std::string& prefix, const char* tensor, int layer) {
    return io::concat({prefix, tensor, "_l", std::to_string(layer)});
  }
};

}  // namespace detail

// All of them throw inlay::load_error, and then the layer is as it was. The first template argument, which RTNeural
// needs, is the layer's scalar.

/// nn.Linear, whose tensors are called `layerPrefix` and "weight" or "bias".
template <typename S = void, typename L>
void loadDense(const nlohmann::json& modelJson, const std::string& layerPrefix, L& dense, bool hasBias = true) {
  using T = detail::scalar_of<S, L>;
  const std::size_t in = detail::size(dense.in_size), out = detail::size(dense.out_size);
  const auto weights = detail::read<detail::Rows<T>>(modelJson, layerPrefix + "weight", {out, in});
  const auto bias = detail::read_bias<T>(modelJson, layerPrefix + "bias", out, hasBias && L::dense_has_bias);
  dense.setWeights(weights);
  if constexpr (L::dense_has_bias) dense.setBias(bias.data());
}

/// nn.Conv1d. A stream knows no padding: what PyTorch gives first comes out (kernel - 1) * dilation frames later.
template <typename S = void, typename L>
void loadConv1D(const nlohmann::json& modelJson, const std::string& layerPrefix, L& conv, bool hasBias = true) {
  using T = detail::scalar_of<S, L>;
  const auto taps = static_cast<std::size_t>(conv.getKernelSize()), groups = static_cast<std::size_t>(conv.getGroups());
  const std::size_t in = detail::size(conv.in_size), out = detail::size(conv.out_size);
  auto weights = detail::read<detail::Planes<T>>(modelJson, layerPrefix + "weight", {out, in / groups, taps});
  const auto bias = detail::read_bias<T>(modelJson, layerPrefix + "bias", out, hasBias);
  detail::reverseKernels(weights);
  conv.setWeights(weights);
  conv.setBias(bias);
}

/// nn.ConvTranspose1d of one group, for a convolution that is fed zeros between the frames.
template <typename S = void, typename L>
void loadConvTranspose1D(const nlohmann::json& modelJson, const std::string& layerPrefix, L& conv,
                         bool hasBias = true) {
  using T = detail::scalar_of<S, L>;
  const auto taps = static_cast<std::size_t>(conv.getKernelSize());
  const std::size_t in = detail::size(conv.in_size), out = detail::size(conv.out_size);
  const auto weights = detail::read<detail::Planes<T>>(modelJson, layerPrefix + "weight", {in, out, taps});
  const auto bias = detail::read_bias<T>(modelJson, layerPrefix + "bias", out, hasBias);
  conv.setWeights(detail::reverseChannels(weights));
  conv.setBias(bias);
}

/// Layer `layer_index` of nn.GRU.
template <typename S = void, typename L>
void loadGRU(const nlohmann::json& modelJson, const std::string& layerPrefix, L& gru, bool hasBias = true,
             int layer_index = 0) {
  const std::size_t in = detail::size(gru.in_size), out = detail::size(gru.out_size);
  const detail::Recurrent<detail::scalar_of<S, L>> torch(modelJson, layerPrefix, in, out, 3 * out, hasBias,
                                                         layer_index);
  gru.setWVals(detail::swapped_rz(detail::transposed(torch.input), out));
  gru.setUVals(detail::swapped_rz(detail::transposed(torch.state), out));
  gru.setBVals(detail::swapped_rz<detail::scalar_of<S, L>>({torch.input_bias, torch.state_bias}, out));
}

/// Layer `layer_index` of nn.LSTM.
template <typename S = void, typename L>
void loadLSTM(const nlohmann::json& modelJson, const std::string& layerPrefix, L& lstm, bool hasBias = true,
              int layer_index = 0) {
  const std::size_t in = detail::size(lstm.in_size), out = detail::size(lstm.out_size);
  detail::Recurrent<detail::scalar_of<S, L>> torch(modelJson, layerPrefix, in, out, 4 * out, hasBias, layer_index);
  for (std::size_t i = 0; i < 4 * out; ++i) torch.input_bias[i] += torch.state_bias[i];
  lstm.setWVals(detail::transposed(torch.input));
  lstm.setUVals(detail::transposed(torch.state));
  lstm.setBVals(torch.input_bias);
}

}  // namespace inlay::INLAY_ISA::compat::rtneural::torch_helpers

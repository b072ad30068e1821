/// RTNeural's torch_helpers: layers from a PyTorch state_dict in JSON. Included by rtneural.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/io/json_cursor.hpp"

namespace inlay::INLAY_ISA::compat::rtneural::torch_helpers {

namespace detail {

template <class T>
void read(const io::JsonCursor& node, T& value, const std::size_t*) {
  value = static_cast<T>(node.number());
  if (!std::isfinite(value)) node.fail("a number in the range of the layer's scalar");
}

/// Nested arrays of exactly these extents.
template <class V>
void read(const io::JsonCursor& node, std::vector<V>& values, const std::size_t* shape) {
  if (node.size() != *shape) node.fail(io::concat({std::to_string(*shape), " entries"}));
  values.resize(*shape);
  for (std::size_t i = 0; i < *shape; ++i) read(node[i], values[i], shape + 1);
}

template <class Values, std::size_t N>
Values read(const nlohmann::json& state_dict, const std::string& name, const std::size_t (&shape)[N]) {
  Values values;
  read(io::JsonCursor(state_dict, "")[name], values, shape);
  return values;
}

/// Zeros for a layer that was trained without a bias; load_error where the file has one after all.
template <class T>
std::vector<T> read_bias(const nlohmann::json& state_dict, const std::string& name, std::size_t size, bool there_is) {
  if (there_is) return read<std::vector<T>>(state_dict, name, {size});
  if (const auto bias = io::JsonCursor(state_dict, "").find(name)) bias->fail("no bias, as for this layer");
  return std::vector<T>(size);
}

template <class T>
using Matrix = std::vector<std::vector<T>>;

template <class T>
Matrix<T> transposed(const Matrix<T>& x) {
  Matrix<T> y(x.front().size(), std::vector<T>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < y.size(); ++j) y[j][i] = x[i][j];
  return y;
}

/// PyTorch has the gates r, z, n, where Keras and RTNeural have z, r, n.
template <class T>
Matrix<T> swapped_rz(Matrix<T> rows, std::size_t units) {
  const auto n = static_cast<std::ptrdiff_t>(units);
  for (std::vector<T>& row : rows) std::swap_ranges(row.begin(), row.begin() + n, row.begin() + n);
  return rows;
}

/// The tensors of one layer of nn.LSTM or nn.GRU, with `rows` rows each.
template <class T>
struct Recurrent {
  Matrix<T> input, state;
  std::vector<T> input_bias, state_bias;

  Recurrent(const nlohmann::json& state_dict, const std::string& prefix, std::size_t in, std::size_t out,
            std::size_t rows, bool bias, int layer)
      : input(read<Matrix<T>>(state_dict, name(prefix, "weight_ih", layer), {rows, in})),
        state(read<Matrix<T>>(state_dict, name(prefix, "weight_hh", layer), {rows, out})),
        input_bias(read_bias<T>(state_dict, name(prefix, "bias_ih", layer), rows, bias)),
        state_bias(read_bias<T>(state_dict, name(prefix, "bias_hh", layer), rows, bias)) {}

 private:
  static std::string name(const std::string& prefix, const char* tensor, int layer) {
    return io::concat({prefix, tensor, "_l", std::to_string(layer)});
  }
};

template <class L>
constexpr std::size_t ins = static_cast<std::size_t>(L::in_size);
template <class L>
constexpr std::size_t outs = static_cast<std::size_t>(L::out_size);

}  // namespace detail

// All of them throw inlay::load_error, and then the layer is as it was. The first template argument, which RTNeural
// needs, is what the layer says anyway.

/// nn.Linear, whose tensors are called `layerPrefix` and "weight" or "bias".
template <typename = void, typename L>
void loadDense(const nlohmann::json& modelJson, const std::string& layerPrefix, L& dense, bool hasBias = true) {
  using T = typename L::scalar;
  constexpr std::size_t in = detail::ins<L>, out = detail::outs<L>;
  const auto weights = detail::read<detail::Matrix<T>>(modelJson, layerPrefix + "weight", {out, in});
  const auto bias = detail::read_bias<T>(modelJson, layerPrefix + "bias", out, hasBias && L::dense_has_bias);
  dense.setWeights(weights);
  if constexpr (L::dense_has_bias) dense.setBias(bias.data());
}

/// nn.Conv1d. A stream knows no padding: what PyTorch gives first comes out (kernel - 1) * dilation frames later.
template <typename = void, typename L>
void loadConv1D(const nlohmann::json& modelJson, const std::string& layerPrefix, L& conv, bool hasBias = true) {
  using T = typename L::scalar;
  const auto taps = static_cast<std::size_t>(conv.getKernelSize()), groups = static_cast<std::size_t>(conv.getGroups());
  constexpr std::size_t in = detail::ins<L>, out = detail::outs<L>;
  auto weights =
      detail::read<std::vector<detail::Matrix<T>>>(modelJson, layerPrefix + "weight", {out, in / groups, taps});
  const auto bias = detail::read_bias<T>(modelJson, layerPrefix + "bias", out, hasBias);
  for (auto& matrix : weights)
    for (auto& kernel : matrix) std::reverse(kernel.begin(), kernel.end());
  conv.setWeights(weights);
  conv.setBias(bias);
}

/// nn.ConvTranspose1d of one group, for a convolution that is fed zeros between the frames.
template <typename = void, typename L>
void loadConvTranspose1D(const nlohmann::json& modelJson, const std::string& layerPrefix, L& conv,
                         bool hasBias = true) {
  using T = typename L::scalar;
  const auto taps = static_cast<std::size_t>(conv.getKernelSize());
  constexpr std::size_t in = detail::ins<L>, out = detail::outs<L>;
  const auto read = detail::read<std::vector<detail::Matrix<T>>>(modelJson, layerPrefix + "weight", {in, out, taps});
  const auto bias = detail::read_bias<T>(modelJson, layerPrefix + "bias", out, hasBias);
  std::vector<detail::Matrix<T>> weights(out, detail::Matrix<T>(in));
  for (std::size_t i = 0; i < in; ++i)
    for (std::size_t o = 0; o < out; ++o) weights[o][i] = read[i][o];
  conv.setWeights(weights);
  conv.setBias(bias);
}

/// Layer `layer_index` of nn.GRU.
template <typename = void, typename L>
void loadGRU(const nlohmann::json& modelJson, const std::string& layerPrefix, L& gru, bool hasBias = true,
             int layer_index = 0) {
  constexpr std::size_t in = detail::ins<L>, out = detail::outs<L>;
  const detail::Recurrent<typename L::scalar> torch(modelJson, layerPrefix, in, out, 3 * out, hasBias, layer_index);
  gru.setWVals(detail::swapped_rz(detail::transposed(torch.input), out));
  gru.setUVals(detail::swapped_rz(detail::transposed(torch.state), out));
  gru.setBVals(detail::swapped_rz<typename L::scalar>({torch.input_bias, torch.state_bias}, out));
}

/// Layer `layer_index` of nn.LSTM.
template <typename = void, typename L>
void loadLSTM(const nlohmann::json& modelJson, const std::string& layerPrefix, L& lstm, bool hasBias = true,
              int layer_index = 0) {
  constexpr std::size_t in = detail::ins<L>, out = detail::outs<L>;
  detail::Recurrent<typename L::scalar> torch(modelJson, layerPrefix, in, out, 4 * out, hasBias, layer_index);
  for (std::size_t i = 0; i < 4 * out; ++i) torch.input_bias[i] += torch.state_bias[i];
  lstm.setWVals(detail::transposed(torch.input));
  lstm.setUVals(detail::transposed(torch.state));
  lstm.setBVals(torch.input_bias);
}

}  // namespace inlay::INLAY_ISA::compat::rtneural::torch_helpers

/// RTNeural's json_parser for single layers: weights from nested arrays, in the order of Keras. Included by
/// rtneural.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/io/json_cursor.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

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
Values read(const io::JsonCursor& node, const std::size_t (&shape)[N]) {
  Values values;
  read(node, values, shape);
  return values;
}

/// An array of any length.
template <class T>
std::vector<T> read_vector(const io::JsonCursor& node) {
  return read<std::vector<T>>(node, {node.size()});
}

template <class T>
using Matrix = std::vector<std::vector<T>>;

/// Rows become columns.
template <class T>
Matrix<T> transposed(const Matrix<T>& x) {
  Matrix<T> y(x.empty() ? 0 : x.front().size(), std::vector<T>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < y.size(); ++j) y[j][i] = x[i][j];
  return y;
}

/// The scalar that a call names or, where it names none, the layer's.
template <class T, class L>
struct ScalarOf {
  using type = T;
};
template <class L>
struct ScalarOf<void, L> {
  using type = typename L::scalar;
};
template <class T, class L>
using scalar_of = typename ScalarOf<T, L>::type;

inline std::size_t size(int number) { return static_cast<std::size_t>(number); }

/// Whether both are the same; otherwise a line where `debug` is set.
template <class V>
bool agree(const char* what, const V& expected, const V& found, bool debug) {
  if (expected == found) return true;
  if (debug) std::cout << "Wrong " << what << "! Expected: " << expected << std::endl;
  return false;
}
template <class L>
bool layer_agrees(const L& layer, const char* name, const std::string& type, int size, bool debug) {
  return agree("layer type", std::string(name), type, debug) && agree("layer size", int{layer.out_size}, size, debug);
}

}  // namespace detail

namespace json_parser {

/// Prints a line where `debug` is set. inlay's own functions do not: what is wrong is in the error.
inline void debug_print(const std::string& text, bool debug) {
  if (debug) std::cout << text << std::endl;
}

// Each of these takes the "weights" of a layer of a file, for layers of both kinds: DenseT or Dense, and so on. Throws
// inlay::load_error, and then the layer is as it was.

/// [in][out], and [out] where there is a bias.
template <typename T = void, typename L>
void loadDense(L& dense, const nlohmann::json& weights) {
  using S = detail::scalar_of<T, L>;
  const io::Json document = io::json_of(weights);
  const io::JsonCursor all(document, "weights");
  if (all.size() != 1 && all.size() != 2) all.fail("1 or 2 arrays");
  const std::size_t in = detail::size(dense.in_size), out = detail::size(dense.out_size);
  const auto kernel = detail::read<detail::Matrix<S>>(all[0], {in, out});
  std::vector<S> bias(out);
  if (all.size() == 2) bias = detail::read<std::vector<S>>(all[1], {out});
  if constexpr (!L::dense_has_bias) {
    if (all.size() == 2) all[1].fail("no bias, as for this layer");
  }
  dense.setWeights(detail::transposed(kernel));
  if constexpr (L::dense_has_bias) dense.setBias(bias.data());
}

/// [kernel][in / groups][out] and [out].
template <typename T = void, typename L>
void loadConv1D(L& conv, int kernel_size, int /*dilation*/, const nlohmann::json& weights) {
  using S = detail::scalar_of<T, L>;
  const io::Json document = io::json_of(weights);
  const io::JsonCursor all(document, "weights");
  if (all.size() != 2) all.fail("2 arrays");
  const std::size_t in = detail::size(conv.in_size / conv.getGroups()), out = detail::size(conv.out_size);
  const std::size_t taps = detail::size(kernel_size);
  const auto kernel = detail::read<std::vector<detail::Matrix<S>>>(all[0], {taps, in, out});
  const auto bias = detail::read<std::vector<S>>(all[1], {out});
  std::vector<detail::Matrix<S>> rows(out, detail::Matrix<S>(in, std::vector<S>(taps)));
  for (std::size_t t = 0; t < taps; ++t)
    for (std::size_t i = 0; i < in; ++i)
      for (std::size_t o = 0; o < out; ++o) rows[o][i][taps - 1 - t] = kernel[t][i][o];
  conv.setWeights(rows);
  conv.setBias(bias);
}

/// [time][feature][in][out] and [out].
template <typename T = void, typename L>
void loadConv2D(L& conv, const nlohmann::json& weights) {
  using S = detail::scalar_of<T, L>;
  const io::Json document = io::json_of(weights);
  const io::JsonCursor all(document, "weights");
  if (all.size() != 2) all.fail("2 arrays");
  const std::size_t time = detail::size(conv.kernel_size_time), features = detail::size(conv.kernel_size_feature);
  const std::size_t in = detail::size(conv.num_filters_in), out = detail::size(conv.num_filters_out);
  using Planes = std::vector<std::vector<detail::Matrix<S>>>;
  const auto kernel = detail::read<Planes>(all[0], {time, features, in, out});
  const auto bias = detail::read<std::vector<S>>(all[1], {out});
  Planes planes(time, std::vector<detail::Matrix<S>>(out, detail::Matrix<S>(in, std::vector<S>(features))));
  for (std::size_t t = 0; t < time; ++t)
    for (std::size_t f = 0; f < features; ++f)
      for (std::size_t i = 0; i < in; ++i)
        for (std::size_t o = 0; o < out; ++o) planes[t][o][i][f] = kernel[t][f][i][o];
  conv.setWeights(planes);
  conv.setBias(bias);
}

/// [in][3 out], [out][3 out] and [2][3 out].
template <typename T = void, typename L>
void loadGRU(L& gru, const nlohmann::json& weights) {
  using M = detail::Matrix<detail::scalar_of<T, L>>;
  const io::Json document = io::json_of(weights);
  const io::JsonCursor all(document, "weights");
  if (all.size() != 3) all.fail("3 arrays");
  const std::size_t in = detail::size(gru.in_size), out = detail::size(gru.out_size);
  const auto kernel = detail::read<M>(all[0], {in, 3 * out}), recurrent = detail::read<M>(all[1], {out, 3 * out}),
             bias = detail::read<M>(all[2], {2, 3 * out});
  gru.setWVals(kernel);
  gru.setUVals(recurrent);
  gru.setBVals(bias);
}

/// [in][4 out], [out][4 out] and [4 out].
template <typename T = void, typename L>
void loadLSTM(L& lstm, const nlohmann::json& weights) {
  using S = detail::scalar_of<T, L>;
  using M = detail::Matrix<S>;
  const io::Json document = io::json_of(weights);
  const io::JsonCursor all(document, "weights");
  if (all.size() != 3) all.fail("3 arrays");
  const std::size_t in = detail::size(lstm.in_size), out = detail::size(lstm.out_size);
  const auto kernel = detail::read<M>(all[0], {in, 4 * out}), recurrent = detail::read<M>(all[1], {out, 4 * out});
  const auto bias = detail::read<std::vector<S>>(all[2], {4 * out});
  lstm.setWVals(kernel);
  lstm.setUVals(recurrent);
  lstm.setBVals(bias);
}

/// [1][size], or [size].
template <typename T = void, typename L>
void loadPReLU(L& prelu, const nlohmann::json& weights) {
  const io::Json document = io::json_of(weights);
  const io::JsonCursor all(document, "weights");
  if (all.size() != 1) all.fail("1 array");
  io::JsonCursor alpha = all[0];
  if (alpha.size() == 1 && alpha[0].json().is_array()) alpha = alpha[0];
  prelu.setAlphaVals(detail::read_vector<detail::scalar_of<T, L>>(alpha));
}

/// [size] each: gamma and beta where `affine` is set, then mean and variance.
template <typename T = void, typename L>
void loadBatchNorm(L& batch_norm, const nlohmann::json& weights, bool affine) {
  using V = std::vector<detail::scalar_of<T, L>>;
  const io::Json document = io::json_of(weights);
  const io::JsonCursor all(document, "weights");
  if (all.size() != (affine ? 4u : 2u)) all.fail(affine ? "4 arrays" : "2 arrays");
  std::vector<V> values;
  for (std::size_t i = 0; i < all.size(); ++i) values.push_back(detail::read_vector<typename V::value_type>(all[i]));
  const auto fill = [&](L& layer) {
    layer.setRunningMean(values[affine ? 2 : 0]);
    layer.setRunningVariance(values[affine ? 3 : 1]);
    if constexpr (requires { layer.setGamma(values[0]); }) {
      if (!affine) return;
      layer.setGamma(values[0]);
      layer.setBeta(values[1]);
    }
  };
  L fresh(batch_norm);  // a setter may throw
  fill(fresh);
  fill(batch_norm);
}
template <typename T = void, typename L>
void loadBatchNorm(L& batch_norm, const nlohmann::json& weights) {
  loadBatchNorm<T>(batch_norm, weights, L::is_affine);
}

// RTNeural's questions before each of them: false, and a line where `debug` is set, for another layer.

template <typename T = void, typename L>
bool checkDense(const L& dense, const std::string& type, int layerDims, bool debug) {
  return detail::layer_agrees(dense, "dense", type == "time-distributed-dense" ? "dense" : type, layerDims, debug);
}
template <typename T = void, typename L>
bool checkConv1D(const L& conv, const std::string& type, int layerDims, int kernel_size, int dilation_rate, int groups,
                 bool debug) {
  return detail::layer_agrees(conv, "conv1d", type, layerDims, debug) &&
         detail::agree("kernel size", conv.getKernelSize(), kernel_size, debug) &&
         detail::agree("dilation_rate", conv.getDilationRate(), dilation_rate, debug) &&
         detail::agree("number of groups", conv.getGroups(), groups, debug);
}
template <typename T = void, typename L>
bool checkConv2D(const L& conv, const std::string& type, int layerDims, int kernel_size_time, int kernel_size_feature,
                 int dilation_rate, int stride, bool /*valid_pad*/, bool debug) {
  return detail::layer_agrees(conv, "conv2d", type, layerDims, debug) &&
         detail::agree("kernel size time", conv.getKernelSizeTime(), kernel_size_time, debug) &&
         detail::agree("kernel size feature", conv.getKernelSizeFeature(), kernel_size_feature, debug) &&
         detail::agree("stride", conv.getStride(), stride, debug) &&
         detail::agree("dilation_rate", conv.getDilationRate(), dilation_rate, debug);
}
template <typename T = void, typename L>
bool checkGRU(const L& gru, const std::string& type, int layerDims, bool debug) {
  return detail::layer_agrees(gru, "gru", type, layerDims, debug);
}
template <typename T = void, typename L>
bool checkLSTM(const L& lstm, const std::string& type, int layerDims, bool debug) {
  return detail::layer_agrees(lstm, "lstm", type, layerDims, debug);
}
template <typename T = void, typename L>
bool checkPReLU(const L& prelu, const std::string& type, int layerDims, bool debug) {
  return detail::layer_agrees(prelu, "prelu", type, layerDims, debug);
}
template <typename T = void, typename L>
bool checkBatchNorm(const L& batch_norm, const std::string& type, int layerDims, const nlohmann::json& weights,
                    bool debug) {
  return detail::layer_agrees(batch_norm, "batchnorm", type, layerDims, debug) &&
         detail::agree("number of weights", std::size_t{L::is_affine ? 4u : 2u}, weights.size(), debug);
}
template <typename T = void, typename L>
bool checkBatchNorm2D(const L& batch_norm, const std::string& type, int layerDims, const nlohmann::json& weights,
                      bool debug) {
  return detail::layer_agrees(batch_norm, "batchnorm2d", type, layerDims, debug) &&
         detail::agree("number of weights", std::size_t{L::is_affine ? 4u : 2u}, weights.size(), debug);
}
template <typename L>
bool checkActivation(const L& layer, const std::string& activationType, int dims, bool debug) {
  return detail::agree("layer size", int{layer.out_size}, dims, debug) &&
         detail::agree("layer type", layer.getName(), activationType, debug);
}

}  // namespace json_parser
}  // namespace inlay::INLAY_ISA::compat::rtneural

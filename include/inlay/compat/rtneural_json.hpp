/// RTNeural's json_parser: weights of single layers from nested arrays, in the order of Keras. Included by
/// rtneural.hpp.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "inlay/compat/rtneural_arrays.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/io/json_cursor.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

namespace detail {

/// The "weights" of a layer of a file, an array of arrays.
class Arrays {
 public:
  explicit Arrays(const nlohmann::json& weights) : document_(io::json_of(weights)), all_(document_, "weights") {}
  Arrays(const nlohmann::json& weights, std::size_t count) : Arrays(weights) {
    if (size() != count) all_.fail(io::concat({count, count == 1 ? " array" : " arrays"}));
  }
  Arrays(const Arrays&) = delete;
  std::size_t size() const { return all_.size(); }
  io::JsonCursor operator[](std::size_t i) const { return all_[i]; }
  [[noreturn]] void fail(std::string_view expected) const { all_.fail(expected); }

 private:
  io::Json document_;
  io::JsonCursor all_;
};

}  // namespace detail

namespace json_parser {

// Each of these takes the "weights" of a layer of a file, for layers of both kinds: DenseT or Dense, and so on. Throws
// inlay::load_error, and then the layer is as it was.

/// [in][out], and [out] where there is a bias.
template <typename T = void, typename L>
void loadDense(L& dense, const nlohmann::json& weights) {
  using S = detail::scalar_of<T, L>;
  const detail::Arrays all(weights);
  if (all.size() != 1 && all.size() != 2) all.fail("1 or 2 arrays");
  const std::size_t in = detail::size(dense.in_size), out = detail::size(dense.out_size);
  const auto kernel = detail::read<detail::Rows<S>>(all[0], {in, out});
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
  const detail::Arrays all(weights, 2);
  const std::size_t in = detail::size(conv.in_size / conv.getGroups()), out = detail::size(conv.out_size);
  const std::size_t taps = detail::size(kernel_size);
  auto kernel = detail::transposed(detail::read<detail::Planes<S>>(all[0], {taps, in, out}));
  const auto bias = detail::read<std::vector<S>>(all[1], {out});
  detail::reverse_kernels(kernel);
  conv.setWeights(kernel);
  conv.setBias(bias);
}

/// [time][feature][in][out] and [out].
template <typename T = void, typename L>
void loadConv2D(L& conv, const nlohmann::json& weights) {
  using S = detail::scalar_of<T, L>;
  const detail::Arrays all(weights, 2);
  const std::size_t time = detail::size(conv.kernel_size_time), features = detail::size(conv.kernel_size_feature);
  const std::size_t in = detail::size(conv.num_filters_in), out = detail::size(conv.num_filters_out);
  auto planes = detail::read<std::vector<detail::Planes<S>>>(all[0], {time, features, in, out});
  const auto bias = detail::read<std::vector<S>>(all[1], {out});
  for (auto& plane : planes) plane = detail::transposed(plane);
  conv.setWeights(planes);
  conv.setBias(bias);
}

/// [in][3 out], [out][3 out] and [2][3 out].
template <typename T = void, typename L>
void loadGRU(L& gru, const nlohmann::json& weights) {
  using M = detail::Rows<detail::scalar_of<T, L>>;
  const detail::Arrays all(weights, 3);
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
  using M = detail::Rows<S>;
  const detail::Arrays all(weights, 3);
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
  const detail::Arrays all(weights, 1);
  io::JsonCursor alpha = all[0];
  if (alpha.size() == 1 && alpha[0].json().is_array()) alpha = alpha[0];
  prelu.setAlphaVals(detail::read_vector<detail::scalar_of<T, L>>(alpha));
}

/// [size] each: gamma and beta where `affine` is set, then mean and variance.
template <typename T = void, typename L>
void loadBatchNorm(L& batch_norm, const nlohmann::json& weights, bool affine) {
  using V = std::vector<detail::scalar_of<T, L>>;
  const detail::Arrays all(weights, affine ? 4 : 2);
  std::vector<V> values;
  for (std::size_t i = 0; i < all.size(); ++i) values.push_back(detail::read_vector<typename V::value_type>(all[i]));
  const auto fill = [&](L& layer) {
    layer.setRunningMean(values[affine ? 2 : 0]);
    layer.setRunningVariance(values[affine ? 3 : 1]);
    if constexpr (L::is_affine) {
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

}  // namespace json_parser
}  // namespace inlay::INLAY_ISA::compat::rtneural

/// RTNeural's json_parser: whether a layer is the one of a file. Included by rtneural.hpp.
#pragma once

#include <cstddef>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

namespace detail {

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

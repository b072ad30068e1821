/// LayerNorm: normalisation of each frame over its channels.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/channel_norm.hpp"

namespace inlay::INLAY_ISA {

/// Layer normalisation (Ba, Kiros, Hinton, 2016) of each frame: y = (x - mean) / sqrt(variance + epsilon) gamma + beta,
/// with mean and variance of the frame's channels.
///
/// `Size` channels in and out. Tensors: `gamma`, `beta` [Size], optional in files, 1 and 0 by default. Number:
/// `epsilon`, which must be positive, as the variance of silence is 0.
///
/// PyTorch: LayerNorm over the last dimension of (batch, frames, channels), epsilon 1e-5 by default. Keras:
/// LayerNormalization(axis=-1), 1e-3 by default. Cost per frame: 2 Size multiply-accumulates, a square root and a
/// division. No state.
template <std::size_t Size, Backend B = default_backend>
class LayerNorm : public detail::ChannelNorm<LayerNorm<Size, B>, Size, 1, true, B> {
 public:
  static constexpr std::string_view type = "layer_norm";
};

}  // namespace inlay::INLAY_ISA

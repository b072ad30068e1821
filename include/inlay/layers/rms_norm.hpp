/// RMSNorm: division of each frame by the root of the mean square of its channels.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/channel_norm.hpp"

namespace inlay::INLAY_ISA {

/// Root mean square normalisation (Zhang, Sennrich, 2019) of each frame: y = x / sqrt(mean of x^2 + epsilon) gamma,
/// with the mean over the frame's channels.
///
/// `Size` channels in and out. Tensor: `gamma` [Size], optional in files, 1 by default. Number: `epsilon`, which must
/// be positive.
///
/// PyTorch: RMSNorm over the last dimension of (batch, frames, channels). Keras: RMSNormalization(axis=-1). Cost per
/// frame: 2 Size multiply-accumulates, a square root and a division. No state.
template <std::size_t Size, Backend B = default_backend>
class RMSNorm : public detail::ChannelNorm<RMSNorm<Size, B>, Size, 1, false, B> {
 public:
  static constexpr std::string_view type = "rms_norm";
};

}  // namespace inlay::INLAY_ISA

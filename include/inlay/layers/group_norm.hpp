/// GroupNorm: normalisation of groups of channels of each frame.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/channel_norm.hpp"

namespace inlay::INLAY_ISA {

/// Group normalisation (Wu, He, 2018) of each frame: y = (x - mean) / sqrt(variance + epsilon) gamma + beta, with mean
/// and variance of the channel's group in this frame. The groups are `Groups` runs of Size / Groups channels.
///
/// `Size` channels in and out. Tensors: `gamma`, `beta` [Size], optional in files, 1 and 0 by default. Number:
/// `epsilon`, which must be positive.
///
/// PyTorch's GroupNorm computes this if each frame is an entry of the batch, (frames, channels). Given (batch,
/// channels, frames), it takes the statistics of all frames together, of those in the future as well; no layer of a
/// stream can do that. Keras: TimeDistributed(GroupNormalization(axis=-1)). Cost per frame: 2 Size
/// multiply-accumulates, and a square root and a division for each group. No state.
template <std::size_t Size, std::size_t Groups, Backend B = default_backend>
class GroupNorm : public detail::ChannelNorm<GroupNorm<Size, Groups, B>, Size, Groups, true, B> {
  using Base = detail::ChannelNorm<GroupNorm, Size, Groups, true, B>;

 public:
  static constexpr std::string_view type = "group_norm";

  constexpr void visit(auto& v) {
    Base::visit(v);
    v.option("groups", this->groups_);
    if constexpr (Size == dynamic)
      v.require(this->size_ % this->groups_ == 0, "groups", "a divisor of the number of channels");
  }
};

}  // namespace inlay::INLAY_ISA

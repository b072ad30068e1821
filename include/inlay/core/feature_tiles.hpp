/// for_each_feature_tile: the features of a frame as if they were frames.
#pragma once

#include <algorithm>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA::detail {

/// Values of one frame, [feature][channel], `stride` values apart.
template <class T>
struct FeatureFrame {
  T* data;
  std::size_t channels, stride;
  INLAY_INLINE T& at(std::size_t feature, std::size_t channel) const noexcept {
    return data[(feature * channels + channel) * stride];
  }
};

/// Calls `run(count)` for runs of at most a tile of features. Before, the run is copied to the tile `x`, in which a
/// feature is a frame; behind it, the tile `y` is copied to `out`.
template <class T, class F>
INLAY_INLINE void for_each_feature_tile(std::size_t features, FeatureFrame<const T> in, Block<T> x, Block<const T> y,
                                        FeatureFrame<T> out, F&& run) noexcept {
  for (std::size_t first = 0; first < features; first += tile_frames) {
    const std::size_t count = std::min(features - first, tile_frames);
    for (std::size_t c = 0; c < in.channels; ++c)
      for (std::size_t i = 0; i < count; ++i) x.row(c)[i] = in.at(first + i, c);
    run(count);
    for (std::size_t c = 0; c < out.channels; ++c)
      for (std::size_t i = 0; i < count; ++i) out.at(first + i, c) = y.row(c)[i];
  }
}

}  // namespace inlay::INLAY_ISA::detail

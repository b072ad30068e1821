/// BatchNorm2D: batch normalisation at inference, for the frames of a Conv2D.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/batchnorm1d.hpp"

namespace inlay::INLAY_ISA {

/// Batch normalisation at inference of frames of [feature][channel], per channel: y = gamma (x - mean) / sqrt(variance
/// + epsilon) + beta.
///
/// Channels * Features values in and out. Tensors: `mean`, `variance` [Channels]; `gamma`, `beta` [Channels], optional
/// in files, 1 and 0 by default. Number: `epsilon`.
///
/// PyTorch: BatchNorm2d in eval mode. Keras: BatchNormalization after Conv2D. Cost per frame: Channels Features
/// multiply-accumulates. No state.
template <std::size_t Channels, std::size_t Features, Backend B = default_backend>
class BatchNorm2D : public detail::BatchNorm<BatchNorm2D<Channels, Features, B>, Channels, Features, B> {
 public:
  static constexpr std::string_view type = "batchnorm2d";

  constexpr void visit(auto& v) {
    v.option("channels", this->channels_);
    v.option("features", this->features_);
    detail::BatchNorm<BatchNorm2D, Channels, Features, B>::visit(v);
  }
};

}  // namespace inlay::INLAY_ISA

/// BatchNorm2D: y = gamma (x - mean) / sqrt(variance + epsilon) + beta, a channel being the same at every feature.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/batchnorm1d.hpp"

namespace inlay::INLAY_ISA {

/// Batch normalisation at inference of the frames of a Conv2D, which are [feature][channel]. Tensors as those of
/// BatchNorm1D: `gamma`, `beta` (1 and 0 where a file has none), `mean` and `variance`, each [Channels], and the
/// number `epsilon`.
template <std::size_t Channels, std::size_t Features, Backend B = default_backend>
class BatchNorm2D : public detail::BatchNorm<BatchNorm2D<Channels, Features, B>, Channels, Features, B> {
 public:
  static constexpr std::string_view type = "batchnorm2d";

  void visit(auto& v) {
    v.option("channels", this->channels_);
    v.option("features", this->features_);
    detail::BatchNorm<BatchNorm2D, Channels, Features, B>::visit(v);
  }
};

}  // namespace inlay::INLAY_ISA

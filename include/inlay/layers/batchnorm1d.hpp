/// BatchNorm1D: batch normalisation at inference.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/layers/pointwise.hpp"
#include "inlay/math/square_root.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Base of batch normalisation `L` for frames of [feature][channel]. All features of a channel are normalised alike.
template <class L, std::size_t Channels, std::size_t Features, class B>
class BatchNorm : public Pointwise<L, times<Channels, Features>, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::size_t parameters = 4 * Channels, macs = Channels * Features;
  constexpr LayerShape shape() const noexcept { return {.in = this->size_, .out = this->size_, .macs = this->size_}; }

  constexpr BatchNorm() noexcept {
    if constexpr (Channels != dynamic) {
      gamma_.fill(1);
      variance_.fill(1);
      prepare();
    }
  }

  constexpr void visit(auto& v) {
    if constexpr (Channels == dynamic) {
      this->size_.value = channels_ * features_;
      for (auto* tensor : {&gamma_, &beta_, &mean_, &variance_}) tensor->resize(channels_);
      for (auto* tensor : {&scale_, &shift_}) tensor->resize(this->size_);
    }
    v.number("epsilon", epsilon);
    v.optional_tensor("gamma", gamma_, 1);
    v.optional_tensor("beta", beta_, 0);
    v.tensor("mean", mean_);
    v.tensor("variance", variance_);
    if constexpr (Channels == dynamic) scale_.allocate(), shift_.allocate();
  }

  /// Computes scale and shift of y = scale x + shift.
  constexpr void prepare() noexcept {
    for (std::size_t i = 0; i < this->size_; ++i) {
      const std::size_t c = i % channels_;
      const double scale = double(gamma_.get(c)) / math::square_root(double(variance_.get(c)) + double(epsilon));
      scale_.set(i, static_cast<scalar>(scale));
      shift_.set(i, static_cast<scalar>(double(beta_.get(c)) - double(mean_.get(c)) * scale));
    }
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    return B::fma(x, at(scale_), at(shift_));
  }

  scalar epsilon = scalar(1e-5);

 protected:
  INLAY_NO_ADDRESS Extent<Channels, struct OfChannels> channels_;
  INLAY_NO_ADDRESS Extent<Features, struct OfFeatures> features_;

 private:
  PerChannel<B, Channels> gamma_, beta_, mean_, variance_;
  PerChannel<B, times<Channels, Features>> scale_, shift_;
};

}  // namespace detail

/// Batch normalisation at inference, per channel: y = gamma (x - mean) / sqrt(variance + epsilon) + beta.
///
/// `Size` channels in and out. Tensors: `mean`, `variance` [Size]; `gamma`, `beta` [Size], optional in files, 1 and 0
/// by default. Number: `epsilon`. variance + epsilon must be positive.
///
/// PyTorch: BatchNorm1d in eval mode (epsilon 1e-5 by default). Keras: BatchNormalization (1e-3 by default). Cost per
/// frame: Size multiply-accumulates. No state.
template <std::size_t Size, Backend B = default_backend>
class BatchNorm1D : public detail::BatchNorm<BatchNorm1D<Size, B>, Size, 1, B> {
 public:
  static constexpr std::string_view type = "batchnorm1d";

  constexpr void visit(auto& v) {
    v.option("size", this->channels_);
    detail::BatchNorm<BatchNorm1D, Size, 1, B>::visit(v);
  }
};

}  // namespace inlay::INLAY_ISA

/// Operations without weights: elementwise functions, copies and zeros.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "inlay/combinators/map_functions.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/map.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/run_time/operation.hpp"

namespace inlay::INLAY_ISA::kernels {

/// Base of operations whose inputs and output have the same number of channels.
template <class T>
class ChannelsOperation : public run_time::Operation<T> {
 public:
  explicit ChannelsOperation(std::size_t channels) : channels_{channels} {}
  LayerShape shape() const override { return {.in = channels_, .out = channels_}; }

 protected:
  Extent<dynamic> channels_;
};

/// out = F(in...), elementwise, for `Inputs` inputs. F is one of combinators/map_functions.hpp.
template <class B, std::size_t Inputs, class F>
class MapOperation final : public ChannelsOperation<typename B::scalar> {
  using T = typename B::scalar;
  using Operands = run_time::Operands<T>;

 public:
  using ChannelsOperation<T>::ChannelsOperation;
  void frame(const Operands& operands) const noexcept override {
    [&]<std::size_t... I>(std::index_sequence<I...>) INLAY_INLINE_LAMBDA {
      map_frame<B>(formula::of_registers<F, B>, this->channels_, operands.out, operands.in[I]...);
    }(std::make_index_sequence<Inputs>{});
  }
  std::size_t tile(const Operands& operands, std::size_t frames) const noexcept override {
    [&]<std::size_t... I>(std::index_sequence<I...>) INLAY_INLINE_LAMBDA {
      map_tile<B>(formula::of_registers<F, B>, this->channels_, frames, Block<T>(operands.out),
                  Block<const T>(operands.in[I])...);
    }(std::make_index_sequence<Inputs>{});
    return frames;
  }
};

template <class T>
class CopyOperation final : public ChannelsOperation<T> {
  using Operands = run_time::Operands<T>;

 public:
  using ChannelsOperation<T>::ChannelsOperation;
  void frame(const Operands& operands) const noexcept override {
    copy_row(operands.in[0], this->channels_, operands.out);
  }
  std::size_t tile(const Operands& operands, std::size_t frames) const noexcept override {
    for (std::size_t c = 0; c < this->channels_; ++c)
      copy_row(operands.in[0] + c * tile_frames, frames, operands.out + c * tile_frames);
    return frames;
  }
};

template <class T>
class ZeroOperation final : public ChannelsOperation<T> {
  using Operands = run_time::Operands<T>;

 public:
  using ChannelsOperation<T>::ChannelsOperation;
  void frame(const Operands& operands) const noexcept override {
    for (std::size_t c = 0; c < this->channels_; ++c) operands.out[c] = T(0);
  }
  std::size_t tile(const Operands& operands, std::size_t frames) const noexcept override {
    for (std::size_t i = 0; i < this->channels_ * tile_frames; ++i) operands.out[i] = T(0);
    return frames;
  }
};

}  // namespace inlay::INLAY_ISA::kernels

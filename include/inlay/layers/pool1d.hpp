/// MaxPool1D, AvgPool1D: pooling over time.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/clock.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Maximum of the pooled values.
struct MaxPooling {
  static constexpr std::string_view type = "max_pool1d";
  /// Returns NaN if either argument is NaN.
  template <class T>
  static constexpr T add(T sum, T x) noexcept {
    return x > sum || x != x ? x : sum;
  }
  template <class T>
  static constexpr T finish(T sum, std::size_t) noexcept {
    return sum;
  }
};
/// Mean of the pooled values.
struct AvgPooling {
  static constexpr std::string_view type = "avg_pool1d";
  template <class T>
  static constexpr T add(T sum, T x) noexcept {
    return sum + x;
  }
  template <class T>
  static constexpr T finish(T sum, std::size_t count) noexcept {
    return sum / static_cast<T>(count);
  }
};

}  // namespace detail

/// Pools the last `Kernel` frames of each channel. Gives one output frame per `Stride` input frames, when (t - Kernel +
/// 1) is a multiple of `Stride`. `Size` channels in and out. No tensors. Not counted as multiply-accumulates. State:
/// the last Kernel - 1 frames, zero before the start.
template <class Pooling, std::size_t Size, std::size_t Kernel, std::size_t Stride, Backend B>
class BasicPool1D {
  static_assert(Kernel > 0 && Stride > 0);
  static constexpr std::size_t past = Kernel == dynamic ? dynamic : Kernel - 1;

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    History<scalar, Size, past> history;
    Clock<past, Stride> clock;
  };
  static constexpr std::string_view type = Pooling::type;
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = past + 1, parameters = 0, macs = 0;
  static constexpr Rate rate{Stride, 1};

  constexpr void visit(auto& v) {
    v.option("size", size_);
    v.option("kernel_size", taps_);
    v.option("stride", stride_);
  }
  constexpr LayerShape shape() const noexcept {
    return {.in = size_, .out = size_, .past = taps_ - 1, .rate = {stride_, 1}};
  }
  void resize(State& state) const
    requires(Kernel == dynamic)
  {
    state.history.resize(size_, taps_ - 1);
    state.clock.resize(taps_ - 1, stride_);
  }
  void reset(State& state) const noexcept {
    state.history.clear();
    state.clock.reset();
  }
  std::size_t forward(State& state, const scalar* in, scalar* out) const noexcept {
    const auto x = state.history.push(in);
    if (!state.clock.tick()) return 0;
    for (std::size_t c = 0; c < size_; ++c) out[c] = pool(x, c);
    return 1;
  }
  std::size_t process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    const auto x = state.history.push(in, frames);
    scalar* to = out.row(0);
    return state.clock.tick(frames, [&](std::size_t t) {
      for (std::size_t c = 0; c < size_; ++c) to[c * tile_frames] = pool(x.later(t), c);
      ++to;
    });
  }

 private:
  INLAY_INLINE scalar pool(const auto& x, std::size_t channel) const noexcept {
    scalar sum = *x.at(channel, taps_ - 1);
    for (std::size_t back = taps_ - 1; back-- > 0;) sum = Pooling::add(sum, *x.at(channel, back));
    return Pooling::finish(sum, taps_);
  }

  INLAY_NO_ADDRESS LayerExtent<Size> size_;
  INLAY_NO_ADDRESS LayerExtent<Kernel> taps_;
  INLAY_NO_ADDRESS LayerExtent<Stride> stride_;
};

/// y = maximum of the last `Kernel` frames, per channel. PyTorch: MaxPool1d. Keras: MaxPooling1D with padding='valid'.
/// See `BasicPool1D`.
template <std::size_t Size, std::size_t Kernel, std::size_t Stride = Kernel, Backend B = default_backend>
using MaxPool1D = BasicPool1D<detail::MaxPooling, Size, Kernel, Stride, B>;

/// y = mean of the last `Kernel` frames, per channel. PyTorch: AvgPool1d. Keras: AveragePooling1D with padding='valid'.
/// See `BasicPool1D`.
template <std::size_t Size, std::size_t Kernel, std::size_t Stride = Kernel, Backend B = default_backend>
using AvgPool1D = BasicPool1D<detail::AvgPooling, Size, Kernel, Stride, B>;

}  // namespace inlay::INLAY_ISA

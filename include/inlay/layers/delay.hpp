/// Delay: y(t) = x(t - N).
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/history.hpp"

namespace inlay::INLAY_ISA {

/// Delays all channels by `N` frames, zeros at first: y(t) = x(t - N). Aligns a branch with another one of higher
/// latency. State: the last N frames.
template <std::size_t Size, std::size_t N, Backend B = default_backend>
class Delay {
  static_assert(N > 0, "inlay::Delay: N must be at least 1; use inlay::Identity for no delay");

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    History<scalar, Size, N> history;
  };
  static constexpr std::string_view type = "delay";
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = N + 1, parameters = 0, macs = 0;
  static constexpr std::size_t latency = N;

  constexpr void visit(auto& v) {
    v.option("size", size_);
    v.option("frames", frames_);
  }
  constexpr LayerShape shape() const noexcept {
    return {.in = size_, .out = size_, .past = frames_, .latency = frames_};
  }
  void resize(State& state) const
    requires(N == dynamic)
  {
    state.history.resize(size_, frames_);
  }
  void reset(State& state) const noexcept { state.history.clear(); }
  void forward(State& state, const scalar* in, scalar* out) const noexcept {
    const auto x = state.history.push(in);
    for (std::size_t c = 0; c < size_; ++c) out[c] = *x.at(c, frames_);
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    const auto x = state.history.push(in, frames);
    for (std::size_t c = 0; c < size_; ++c) copy_row(x.at(c, frames_), frames, out.row(c));
  }

 private:
  INLAY_NO_ADDRESS LayerExtent<Size> size_;
  INLAY_NO_ADDRESS LayerExtent<N> frames_;
};

}  // namespace inlay::INLAY_ISA

/// Recurrent: base class that implements `forward` and `process` by one-frame steps.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/repeat.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/core/transpose.hpp"
#include "inlay/core/weight.hpp"

namespace inlay::INLAY_ISA::detail {

/// True if two interleaved voices take less time than one after the other. M is the type of the weight matrices, `macs`
/// the number of weights. Interleaving is faster if the accumulators of both voices fit into registers, if there are
/// few accumulators in one panel, or if the weights, which are then read once for both voices, exceed the L1 cache.
template <class M>
constexpr bool interleaving_is_faster(std::size_t macs) {
  constexpr std::size_t sums = M::registers_of_column(), cache = 32768;
  return 2 * sums + 3 <= compiler::simd_registers || (sums <= 6 && M::one_panel()) ||
         macs * sizeof(weight_of<typename M::backend>) > cache;
}

/// Base of a recurrent layer `L`, which implements `step(voices, x, stride)`: computes one frame of each voice.
/// `voices` and `x` are std::arrays of pointers to states and to inputs; channel c of voice v is x[v][c * stride].
/// Returns a std::array of pointers to the outputs. `L::interleaves_voices` says whether `step` is called for several
/// voices at once.
template <class L, class B, std::size_t In, std::size_t Out>
class Recurrent {
  using T = typename B::scalar;

 public:
  INLAY_INLINE void forward(auto& state, const T* in, T* out) const noexcept {
    copy_frame<B>(step(std::array{&state}, std::array{in}, 1)[0], out, out_);
  }

  void process(auto& state, Block<const T> in, Block<T> out, std::size_t frames) const noexcept {
    run(std::array{&state}, std::array{in}, std::array{out}, frames);
  }

  /// Interleaves voices frame by frame: independent steps hide the latency of each other's recursion.
  template <class State, std::size_t Voices>
  void process_voices(const std::array<State*, Voices>& states, const std::array<Block<const T>, Voices>& in,
                      const std::array<Block<T>, Voices>& out, std::size_t frames) const noexcept
    requires(Out != dynamic)
  {
    if constexpr (L::interleaves_voices) run(states, in, out, frames);
    else
      for (std::size_t v = 0; v < Voices; ++v) process(*states[v], in[v], out[v], frames);
  }

  constexpr LayerShape shape() const noexcept {
    return {.in = in_, .out = out_, .past = unbounded, .macs = (in_ + out_) * L::gate_count * out_};
  }

 protected:
  INLAY_NO_ADDRESS LayerExtent<In> in_;
  INLAY_NO_ADDRESS LayerExtent<Out> out_;

 private:
  static constexpr std::size_t lanes = Out == dynamic ? B::width : B::lanes(Out);
  constexpr std::size_t padded_out() const noexcept { return round_up(out_, lanes); }
  /// Values of a frame that are collected. In a loop of unknown length, few are stored as fast one by one.
  static constexpr std::size_t least = Out == dynamic ? 32 : 0, room = Out == dynamic ? 128 : round_up(Out, lanes);

  template <class State, std::size_t Voices>
  void run(const std::array<State*, Voices>& states, const std::array<Block<const T>, Voices>& in,
           const std::array<Block<T>, Voices>& out, std::size_t frames) const noexcept {
    if constexpr (B::width > 1)
      if (padded_out() >= least && padded_out() <= room) return run_collected(states, in, out, frames);
    for (std::size_t t = 0; t < frames; ++t) {
      const auto h = step_at(t, states, in);
      for (std::size_t v = 0; v < Voices; ++v)
        for (std::size_t c = 0; c < out_; ++c) out[v].row(c)[t] = h[v][c];
    }
  }

  /// Collects the outputs of some frames, and transposes them in registers: a store for each value takes longer.
  template <class State, std::size_t Voices>
  void run_collected(const std::array<State*, Voices>& states, const std::array<Block<const T>, Voices>& in,
                     const std::array<Block<T>, Voices>& out, std::size_t frames) const noexcept {
    alignas(alignment) T y[Voices][lanes * room] = {};
    const std::size_t stride = padded_out();
    for (std::size_t t = 0; t < frames; t += lanes) {
      for (std::size_t k = 0; k < std::min(lanes, frames - t); ++k) {
        const auto h = step_at(t + k, states, in);
        repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA { copy_frame<B>(h[v], y[v] + k * stride, out_); });
      }
      for (std::size_t v = 0; v < Voices; ++v)
        for (std::size_t c = 0; c < out_; c += lanes)
          transpose_square<lanes>(y[v] + c, stride, lanes, out[v].row(c) + t, tile_frames,
                                  std::min<std::size_t>(lanes, out_ - c));
    }
  }

  template <class State, std::size_t Voices>
  INLAY_INLINE auto step_at(std::size_t t, const std::array<State*, Voices>& states,
                            const std::array<Block<const T>, Voices>& in) const noexcept {
    std::array<const T*, Voices> x;
    repeat<Voices>([&](std::size_t v) INLAY_INLINE_LAMBDA { x[v] = in[v].row(0) + t; });
    return step(states, x, tile_frames);
  }
  INLAY_INLINE auto step(const auto& states, const auto& x, std::size_t stride) const noexcept {
    if constexpr (Out == dynamic) return step_noinline(states, x, stride);
    else return layer().step(states, x, stride);
  }
  /// Not inlined, which is faster than a step of dynamic sizes in both `forward` and `process`.
  INLAY_NOINLINE auto step_noinline(const auto& states, const auto& x, std::size_t stride) const noexcept {
    return layer().step(states, x, stride);
  }
  const L& layer() const noexcept { return static_cast<const L&>(*this); }
};

}  // namespace inlay::INLAY_ISA::detail

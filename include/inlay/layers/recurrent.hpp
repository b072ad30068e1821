/// Recurrent: frames and tiles for layers that are defined by one step.
#pragma once

#include <array>
#include <cstddef>

#include "inlay/core/bfloat16.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/pack.hpp"

namespace inlay::INLAY_ISA::detail {

/// Whether two voices side by side, with weights in matrices like M, `macs` of them, take less time than one after the
/// other: where the sums of both fit into registers, or the weights, read once for both, not into the nearest cache.
/// Sums that go to memory pay while there are few of them.
template <class M>
constexpr bool interleaving_is_faster(std::size_t macs) {
  constexpr std::size_t sums = M::registers_of_column(), cache = 32768;
  return 2 * sums + 3 <= compiler::simd_registers || (sums <= 6 && M::one_panel()) ||
         macs * sizeof(weight_of<typename M::backend>) > cache;
}

/// Base of a recurrent layer `L`, which has `step(voices, x, stride)`: one frame of each voice, `voices` and `x` being
/// std::arrays of pointers to states and to inputs that lie `stride` values apart. It returns those to the new outputs.
/// `interleaves_voices` says whether it is worth calling for several voices.
template <class L, class B, std::size_t In, std::size_t Out>
class Recurrent {
  using T = typename B::scalar;

 public:
  INLAY_INLINE void forward(auto& state, const T* in, T* out) const noexcept {
    copy_frame<B>(one(state, in, 1), out, out_);
  }

  void process(auto& state, Block<const T> in, Block<T> out, std::size_t frames) const noexcept {
    for (std::size_t t = 0; t < frames; ++t) {
      const T* h = one(state, in.row(0) + t, tile_frames);
      for (std::size_t c = 0; c < out_; ++c) out.row(c)[t] = h[c];
    }
  }

  /// Voices side by side, frame by frame: while a step of one waits for its own last result, the others compute.
  template <class State, std::size_t Voices>
  void process_voices(const std::array<State*, Voices>& states, const std::array<Block<const T>, Voices>& in,
                      const std::array<Block<T>, Voices>& out, std::size_t frames) const noexcept
    requires(Out != dynamic)
  {
    if constexpr (!L::interleaves_voices) {
      for (std::size_t v = 0; v < Voices; ++v) process(*states[v], in[v], out[v], frames);
      return;
    }
    for (std::size_t t = 0; t < frames; ++t) {
      std::array<const T*, Voices> x;
      for (std::size_t v = 0; v < Voices; ++v) x[v] = in[v].row(0) + t;
      const auto h = layer().step(states, x, tile_frames);
      for (std::size_t v = 0; v < Voices; ++v)
        for (std::size_t c = 0; c < out_; ++c) out[v].row(c)[t] = h[v][c];
    }
  }

  constexpr LayerShape shape() const noexcept { return {.in = in_, .out = out_, .past = unbounded}; }

 protected:
  INLAY_NO_ADDRESS LayerExtent<In> in_;
  INLAY_NO_ADDRESS LayerExtent<Out> out_;

 private:
  INLAY_INLINE const T* one(auto& state, const T* x, std::size_t stride) const noexcept {
    if constexpr (Out == dynamic) return called(state, x, stride);
    else return step(state, x, stride);
  }
  /// A step of dynamic sizes has code for many, and takes long to compile.
  INLAY_NOINLINE const T* called(auto& state, const T* x, std::size_t stride) const noexcept {
    return step(state, x, stride);
  }
  INLAY_INLINE const T* step(auto& state, const T* x, std::size_t stride) const noexcept {
    return layer().step(std::array{&state}, std::array{x}, stride)[0];
  }
  const L& layer() const noexcept { return static_cast<const L&>(*this); }
};

}  // namespace inlay::INLAY_ISA::detail

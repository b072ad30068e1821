/// map_frame, map_tile: apply a function of registers to frames and tiles of dynamic sizes.
#pragma once

#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/pack.hpp"

namespace inlay::INLAY_ISA {

/// out[i] = f(in[i]...) for all values of a frame of `size` values. Frames are padded to whole registers.
template <class B, class F, class... In>
INLAY_INLINE void map_frame(F&& f, std::size_t size, typename B::scalar* out, const In*... in) noexcept {
  for_dynamic_registers<B>(size, [&]<std::size_t Lanes>(std::size_t i)
                                     INLAY_INLINE_LAMBDA { B::store(out + i, f(B::template load<Lanes>(in + i)...)); });
}

/// out[c][t] = f(in[c][t]...) for `channels` rows of a tile.
template <class B, class F, class... In>
INLAY_INLINE void map_tile(F&& f, std::size_t channels, std::size_t frames, Block<typename B::scalar> out,
                           Block<const In>... in) noexcept {
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t t = 0; t < frames; t += B::width)
      B::store(out.row(c) + t, f(B::template load<B::width>(in.row(c) + t)...));
}

}  // namespace inlay::INLAY_ISA

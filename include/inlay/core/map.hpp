/// map_frame, map_tile: apply a function of single values to frames and tiles.
#pragma once

#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/pack.hpp"

namespace inlay::INLAY_ISA {

/// out[i] = f(in[i]...) for all values of a frame of `size` values. Frames are padded to whole registers.
template <class B, class F, std::size_t N, class... In>
INLAY_INLINE void map_frame(F&& f, Extent<N> size, typename B::scalar* out, const In*... in) noexcept {
  const auto map_register = [&]<std::size_t Lanes>(std::size_t i)
                                INLAY_INLINE_LAMBDA { B::store(out + i, f(B::template load<Lanes>(in + i)...)); };
  if constexpr (N == dynamic) for_dynamic_registers<B>(size, map_register);
  else
    for (std::size_t i = 0; i < size; i += B::lanes(N)) map_register.template operator()<B::lanes(N)>(i);
}
template <class B, std::size_t N, class F, class... In>
INLAY_INLINE void map_frame(F&& f, typename B::scalar* out, const In*... in) noexcept {
  map_frame<B>(f, Extent<N>{}, out, in...);
}

/// out[c][t] = f(in[c][t]...) for `channels` rows of a tile.
template <class B, class F, class... In>
INLAY_INLINE void map_tile(F&& f, std::size_t channels, std::size_t frames, Block<typename B::scalar> out,
                           Block<const In>... in) noexcept {
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t t = 0; t < frames; t += B::width)
      B::store(out.row(c) + t, f(B::template load<B::width>(in.row(c) + t)...));
}

/// Sum of two registers, as a function object for `map_frame` and `map_tile`.
inline constexpr auto plus = [](auto a, auto b) INLAY_INLINE_LAMBDA { return a + b; };

}  // namespace inlay::INLAY_ISA

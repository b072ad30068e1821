/// load_across: a register of a frame whose values were stored in two registers.
#pragma once

#include <cstddef>
#include <utility>

#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA {

/// Loads `Lanes` values of a frame from channel First + c on, c being a multiple of `Lanes`. The frame has `Size`
/// channels, is padded, and was stored in registers of at least `Lanes` lanes.
///
/// A processor forwards a stored register to a load of it, but a load of parts of two of them waits until both are
/// written. So the two are loaded, and their parts put together.
template <class B, std::size_t Lanes, std::size_t Size, std::size_t First>
INLAY_INLINE auto load_across(const typename B::scalar* frame, std::size_t c) noexcept {
#if INLAY_HAS_NATIVE_VECTOR && defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
  using T = typename B::scalar;
  constexpr std::size_t shift = First % Lanes;
  if constexpr (shift > 0) {
    using V = typename compiler::NativeVector<T, Lanes>::type;
    // The last register may lie behind the frame. No value of it is needed then.
    constexpr std::size_t last = padded_frame<T>(Size) - Lanes;
    const std::size_t at = First - shift + c;
    const V low = compiler::load_once<T, Lanes>(frame + at);
    const V high = compiler::load_once<T, Lanes>(frame + (at + Lanes < last ? at + Lanes : last));
    return [&]<std::size_t... I>(std::index_sequence<I...>) INLAY_INLINE_LAMBDA {
      return internal::bit_cast<typename B::template Register<Lanes>>(
          V(__builtin_shufflevector(low, high, (shift + I)...)));
    }(std::make_index_sequence<Lanes>());
  } else
#endif
#endif
    return B::template load<Lanes>(frame + First + c);
}

}  // namespace inlay::INLAY_ISA

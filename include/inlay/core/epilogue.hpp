/// Epilogue: a pointwise function, known at run time only, that is applied to a frame before it is stored.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/pack.hpp"

namespace inlay::INLAY_ISA {

/// The function of a pointwise layer, type-erased. A layer of dynamic sizes applies it to its output while that is in
/// registers. For one or two registers this is one call and no round trip through memory. Default: no function, stores
/// only.
template <class B>
struct Epilogue {
  using T = typename B::scalar;
  template <std::size_t Lanes>
  using R = typename B::template Register<Lanes>;
  static constexpr std::size_t whole = B::width, half = B::width > 1 ? B::lanes(B::width / 2) : 1;

  const void* layer = nullptr;
  void (*of_half)(const void* layer, R<half> x, T* out) noexcept = nullptr;
  void (*of_one)(const void* layer, R<whole> x, T* out) noexcept = nullptr;
  void (*of_two)(const void* layer, R<whole> a, R<whole> b, T* out) noexcept = nullptr;
  void (*of_frame)(const void* layer, const T* in, T* out) noexcept = nullptr;  ///< in and out may be the same memory

  explicit operator bool() const noexcept { return layer; }

  template <std::size_t N>
  INLAY_INLINE void store(const Pack<B, N>& x, T* out) const noexcept {
    using P = Pack<B, N>;
    if (!layer) return x.store(out);
    if constexpr (P::lanes < whole && P::registers == 1) {
      of_half(layer, x.r[0], out);
    } else if constexpr (P::registers == 1) {
      of_one(layer, x.r[0], out);
    } else if constexpr (P::registers == 2) {
      of_two(layer, x.r[0], x.r[1], out);
    } else {
      x.store(out);
      of_frame(layer, out, out);
    }
  }
};

/// No epilogue, known at compile time.
struct NoEpilogue {
  static INLAY_INLINE void store(const auto& x, auto* out) noexcept { x.store(out); }
};

}  // namespace inlay::INLAY_ISA

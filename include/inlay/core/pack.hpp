/// Pack: a run of lanes in registers. Kernels compute on packs.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/repeat.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

template <std::size_t N>
struct Loop {
  template <class F>
  INLAY_INLINE constexpr void operator()(F&& f) const {
    for (std::size_t i = 0; i < N; ++i) f(i);
  }
};

template <class Indices, std::size_t Inner>
struct LoopPairs;
template <std::size_t... I, std::size_t Inner>
struct LoopPairs<std::index_sequence<I...>, Inner> {
  template <class F>
  INLAY_INLINE constexpr void operator()(F&& f) const {
    (loop(f, I), ...);
  }

 private:
  template <class F>
  static INLAY_INLINE constexpr void loop(F& f, std::size_t outer) {
    for (std::size_t i = 0; i < Inner; ++i) f(outer, i);
  }
};

}  // namespace detail

/// N lanes of backend B in whole registers. N is a multiple of `B::lanes(N)`.
template <class B, std::size_t N>
struct Pack {
  using T = typename B::scalar;
  static constexpr std::size_t lanes = B::lanes(N);  ///< lanes of one register
  static constexpr std::size_t registers = N / lanes;
  using Register = typename B::template Register<lanes>;
  static_assert(N % lanes == 0);

  Register r[registers];

  /// True if registers are addressed one by one. One-lane registers are a loop, for the compiler's vectoriser.
  static constexpr bool unrolled = lanes > 1 || !compiler::has_vectors;
  /// `each(f)` calls `f(i)` for each register index.
  static constexpr std::conditional_t<unrolled, detail::Repeat<std::make_index_sequence<registers>>,
                                      detail::Loop<registers>>
      each{};
  /// `each_of<Packs>(f)` calls `f(pack, i)` for each register index of several packs.
  template <std::size_t Packs>
  static constexpr std::conditional_t<unrolled,
                                      detail::RepeatPairs<std::make_index_sequence<Packs * registers>, registers>,
                                      detail::LoopPairs<std::make_index_sequence<Packs>, registers>>
      each_of{};

  static INLAY_INLINE Pack load(const T* p) noexcept {
    Pack x;
    each([&](std::size_t i) INLAY_INLINE_LAMBDA { x.r[i] = B::template load<lanes>(p + i * lanes); });
    return x;
  }
  static INLAY_INLINE Pack broadcast(T value) noexcept {
    Pack x;
    each([&](std::size_t i) INLAY_INLINE_LAMBDA { x.r[i] = B::template broadcast<lanes>(value); });
    return x;
  }
  /// Loads a value that is used several times, and prevents the compiler from loading it again for each use.
  static INLAY_INLINE Pack load_once(const T* p) noexcept {
    Pack x = load(p);
    each([&](std::size_t i) INLAY_INLINE_LAMBDA { x.r[i] = compiler::opaque(x.r[i]); });
    return x;
  }
  INLAY_INLINE void store(T* p) const noexcept {
    each([&](std::size_t i) INLAY_INLINE_LAMBDA { B::store(p + i * lanes, r[i]); });
  }
  INLAY_INLINE void add(const Pack& x) noexcept {
    each([&](std::size_t i) INLAY_INLINE_LAMBDA { r[i] = r[i] + x.r[i]; });
  }
  /// *this += a * b, lane by lane.
  INLAY_INLINE void add_product(const Pack& a, const Pack& b) noexcept {
    each([&](std::size_t i) INLAY_INLINE_LAMBDA { r[i] = B::fma(a.r[i], b.r[i], r[i]); });
  }
  /// *this += p[0..N) * s, the basic operation of matrix products.
  INLAY_INLINE void axpy(const T* p, T s) noexcept {
    const auto factor = B::template broadcast<lanes>(s);
    each([&](std::size_t i)
             INLAY_INLINE_LAMBDA { r[i] = B::fma(B::template load<lanes>(p + i * lanes), factor, r[i]); });
  }
  /// *this += x * s.
  INLAY_INLINE void axpy(const Pack& x, T s) noexcept {
    const auto factor = B::template broadcast<lanes>(s);
    each([&](std::size_t i) INLAY_INLINE_LAMBDA {
      const auto sum = B::fma(x.r[i], factor, r[i]);
      // Without FMA, GCC would finish one sum before it starts the next, and run out of registers.
      if constexpr (compiler::has_fma) r[i] = sum;
      else r[i] = compiler::opaque(sum);
    });
  }
};

/// Calls `f(t)` for the first frame t of each register of a tile. Without vectors, for four frames in a row, for fewer
/// instructions; rows have room for more frames than are valid.
template <class B, class F>
INLAY_INLINE void for_tile_registers(std::size_t frames, F&& f) {
  if constexpr (compiler::has_vectors || B::width > 1) {
    for (std::size_t t = 0; t < frames; t += B::width) f(t);
  } else {
    for (std::size_t t = 0; t < frames; t += 4) repeat<4>([&](std::size_t i) INLAY_INLINE_LAMBDA { f(t + i); });
  }
}

/// Copies exactly N values: whole registers, then the remainder.
template <class B, std::size_t N, class Of = void>
INLAY_INLINE void copy_exactly(const typename B::scalar* from, typename B::scalar* to,
                               Extent<N, Of> size = {}) noexcept {
  constexpr std::size_t lanes = N == dynamic ? B::width : B::lanes(N);
  const std::size_t whole = lanes > 1 ? size / lanes * lanes : 0;
  for (std::size_t i = 0; i < whole; i += lanes) B::store(to + i, B::template load<lanes>(from + i));
  if constexpr (N != dynamic) copy(from + whole, N - whole, to + whole);
  else if constexpr (lanes == 1) copy_row(from, size, to);
  else if (whole < size) detail::copy_rest<lanes / 2>(from + whole, size - whole, to + whole);
}

/// Calls `f.template operator()<Lanes>(i)` for each register of a frame of dynamic size, `i` being its first lane. All
/// are of the widest size, but the last one is half of it if that suffices: a load of both halves could not be
/// forwarded from a store of one.
template <class B, class F>
INLAY_INLINE void for_dynamic_registers(std::size_t size, F&& f) {
  constexpr std::size_t half = B::lanes(B::width / 2) < B::width ? B::width / 2 : 0;  // if there is such a register
  std::size_t i = 0;
  for (; i + half < size; i += B::width) f.template operator()<B::width>(i);
  if constexpr (half > 0)
    if (i < size) f.template operator()<half>(i);
}

/// Calls `f.template operator()<Lanes>(i)` for each register of a frame, `i` being its first lane. All layers divide a
/// frame alike: a load is forwarded from a store of the same register, and would wait for stores of its parts.
template <class B, std::size_t N, class Of, class F>
INLAY_INLINE void for_frame_registers([[maybe_unused]] Extent<N, Of> size, F&& f) {
  if constexpr (N == dynamic) for_dynamic_registers<B>(size, f);
  else
    for (std::size_t i = 0; i < N; i += B::lanes(N)) f.template operator()<B::lanes(N)>(i);
}

/// Copies a frame of N values, padded, in whole registers.
template <class B, std::size_t N, class Of = void>
INLAY_INLINE void copy_frame(const typename B::scalar* from, typename B::scalar* to, Extent<N, Of> size = {}) noexcept {
  constexpr std::size_t lanes = N == dynamic ? B::width : B::lanes(N);
  for (std::size_t i = 0; i < size; i += lanes) B::store(to + i, B::template load<lanes>(from + i));
}

}  // namespace inlay::INLAY_ISA

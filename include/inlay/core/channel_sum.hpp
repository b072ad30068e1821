/// ChannelSum: a sum over the channels of a frame.
#pragma once

#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/repeat.hpp"

namespace inlay::INLAY_ISA::detail {

/// A sum over channels. Channel c is added to partial sum c modulo `B::width`, and the partial sums are folded in
/// halves. Both functions add in this order: with lanes across channels the partial sums are the lanes of a register,
/// with lanes across frames they are registers. So frames and tiles give the same bits.
///
/// `add(sum, x)` returns a register with a term of x added, for registers of any size. Sums are opaque where they begin
/// and where they are folded: the compiler would fuse either of two products that are added, and not the same one in
/// each copy of the code.
template <class B>
class ChannelSum {
  using T = typename B::scalar;
  static constexpr std::size_t width = B::width;
  using R = typename B::template Register<width>;

 public:
  /// The sum over the channels x[0], ..., x[count - 1] of a frame.
  static INLAY_INLINE T of_frame(const T* x, std::size_t count, auto add) noexcept {
    auto sums = compiler::opaque(B::template broadcast<width>(0));
    std::size_t c = 0;
    for (; c + width <= count; c += width) sums = add(sums, B::template load<width>(x + c));
    return of_lanes<width>(sums, x, c, count, add);
  }

  /// The sums over the channels first, ..., first + count - 1 of the frames t, ..., t + width - 1 of a tile.
  static INLAY_INLINE R of_tile(Block<const T> x, std::size_t t, std::size_t first, std::size_t count,
                                auto add) noexcept {
    const auto row = [&](std::size_t c) INLAY_INLINE_LAMBDA { return B::template load<width>(x.row(first + c) + t); };
    R parts[width];
    repeat<width>([&](std::size_t i)
                      INLAY_INLINE_LAMBDA { parts[i] = compiler::opaque(B::template broadcast<width>(0)); });
    std::size_t c = 0;
    for (; c + width <= count; c += width)
      repeat<width>([&](std::size_t i) INLAY_INLINE_LAMBDA { parts[i] = add(parts[i], row(c + i)); });
    return folded<width>(parts, c, count, row, add);
  }

 private:
  /// Adds the channels from c on, less than `Lanes` of them, and all lanes of a register.
  template <std::size_t Lanes>
  static INLAY_INLINE T of_lanes(auto sums, const T* x, std::size_t c, std::size_t count, auto add) noexcept {
    T each[Lanes];
    B::store(each, sums);
    constexpr std::size_t half = Lanes / 2;
    if constexpr (B::lanes(half) < Lanes) {  // there are registers of half the size
      auto halves =
          compiler::opaque(B::template load<half>(each)) + compiler::opaque(B::template load<half>(each + half));
      if (c + half <= count) halves = add(halves, B::template load<half>(x + c)), c += half;
      return of_lanes<half>(halves, x, c, count, add);
    } else {
      // One value at a time, in whole registers as well, which the compiler does not know to hold one number: so a
      // multiply-add is fused or not as it is elsewhere.
      const auto value = [](const T* p)
                             INLAY_INLINE_LAMBDA { return compiler::opaque(B::template broadcast<Lanes>(*p)); };
      decltype(sums) parts[Lanes];
      repeat<Lanes>([&](std::size_t i) INLAY_INLINE_LAMBDA { parts[i] = value(each + i); });
      B::store(each,
               folded<Lanes>(parts, c, count, [&](std::size_t i) INLAY_INLINE_LAMBDA { return value(x + i); }, add));
      return each[0];
    }
  }

  /// Adds the channels from c on, less than `Parts` of them, and all partial sums.
  template <std::size_t Parts>
  static INLAY_INLINE auto folded(auto* parts, std::size_t c, std::size_t count, auto channel, auto add) noexcept {
    if constexpr (Parts == 1) {
      return parts[0];
    } else {
      constexpr std::size_t half = Parts / 2;
      repeat<half>([&](std::size_t i) INLAY_INLINE_LAMBDA {
        parts[i] = compiler::opaque(parts[i]) + compiler::opaque(parts[i + half]);
      });
      if (c + half <= count) {
        repeat<half>([&](std::size_t i) INLAY_INLINE_LAMBDA { parts[i] = add(parts[i], channel(c + i)); });
        c += half;
      }
      return folded<half>(parts, c, count, channel, add);
    }
  }
};

}  // namespace inlay::INLAY_ISA::detail

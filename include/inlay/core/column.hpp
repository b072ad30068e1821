/// Storage order of the columns of matrices with 16-bit weights, and their conversion to float.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "inlay/core/bfloat16.hpp"
#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/pack.hpp"

namespace inlay::INLAY_ISA {

/// Returns the index at which value `i` of a column of `size` values is stored, for registers of `lanes` lanes.
///
/// Full-width weights are stored in order. 16-bit weights of two registers are interleaved: one load reads the values
/// of both, as the lower and upper halves of 32-bit words, and a shift or a mask converts each half to floats. The last
/// register of an odd number is stored in order.
template <class Weight>
constexpr std::size_t index_in_column(std::size_t i, std::size_t size, std::size_t lanes) {
  if constexpr (sizeof(Weight) == 2) {
    const std::size_t pair = 2 * lanes, first = i / pair * pair, within = i - first;
    if (first + pair <= size) return first + within % lanes * 2 + within / lanes;
  }
  return i;
}

namespace detail {

/// Loads N words of two 16-bit values each. `keep` turns the words into floats by dropping one half.
template <std::size_t N, class Keep>
INLAY_INLINE auto load_interleaved(const bfloat16* p, Keep keep) noexcept {
#if INLAY_HAS_NATIVE_VECTOR
  typename compiler::NativeVector<std::uint32_t, N>::type words;
  std::memcpy(&words, p, sizeof words);
  return keep(words);
#else
  struct Words {
    std::uint32_t each[N];
  } words;
  std::memcpy(&words, p, sizeof words);
  for (std::uint32_t& word : words.each) word = keep(word);
  return words;
#endif
}

/// Loads N values that are stored in order.
template <std::size_t N>
INLAY_INLINE auto load_in_order(const bfloat16* p) noexcept {
  struct Words {
    std::uint32_t each[N];
  } words;
  for (std::size_t i = 0; i < N; ++i) words.each[i] = static_cast<std::uint32_t>(p[i].bits) << 16;
  return words;
}

}  // namespace detail

/// Converts a column of 16-bit weights. Calls `f(gate, i, weights)` for each register i of each gate's pack P.
template <class P, std::size_t Gates, class F>
INLAY_INLINE void for_each_bfloat16_register(const bfloat16* column, F&& f) {
  using Register = typename P::Register;
  constexpr std::size_t n = P::lanes, registers = Gates * P::registers;
  if constexpr (n == 1) {
    repeat<Gates>([&](std::size_t g) INLAY_INLINE_LAMBDA {
      P::each([&](std::size_t i) INLAY_INLINE_LAMBDA { f(g, i, static_cast<float>(column[g * P::registers + i])); });
    });
  } else {
    const auto give = [&](std::size_t r, auto bits) INLAY_INLINE_LAMBDA {
      f(r / P::registers, r % P::registers, internal::bit_cast<Register>(bits));
    };
    repeat<registers / 2>([&](std::size_t pair) INLAY_INLINE_LAMBDA {
      const bfloat16* p = column + pair * 2 * n;
      give(2 * pair, detail::load_interleaved<n>(p, [](auto words) INLAY_INLINE_LAMBDA { return words << 16; }));
      give(2 * pair + 1,
           detail::load_interleaved<n>(p, [](auto words) INLAY_INLINE_LAMBDA { return words & 0xFFFF0000u; }));
    });
    if constexpr (registers % 2 == 1) give(registers - 1, detail::load_in_order<n>(column + (registers - 1) * n));
  }
}

}  // namespace inlay::INLAY_ISA

/// Storage order of the columns of matrices, and the conversion of smaller weights to float.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/load_integers.hpp"
#include "inlay/core/load_run.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/repeat.hpp"
#include "inlay/core/weight.hpp"

namespace inlay::INLAY_ISA {

/// Returns the index at which value `i` of a column of `size` values is stored, for registers of `lanes` lanes.
///
/// Weights are stored in order, but for bfloat16: the weights of two registers are interleaved, so that one load reads
/// the values of both, as the lower and upper halves of 32-bit words, and a shift or a mask converts each half to
/// floats. The last register of an odd number is stored in order.
template <class Weight>
constexpr std::size_t index_in_column(std::size_t i, std::size_t size, std::size_t lanes) {
  if constexpr (std::same_as<Weight, bfloat16>) {
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

/// Loads register `i` of the scales at `p`, see `Matrix::scales`.
template <class P>
INLAY_INLINE typename P::Register load_scales(const IntegerWeight auto* p, std::size_t i) noexcept {
  struct Floats {
    float each[P::lanes];
  } floats;
  std::memcpy(&floats, p + i * sizeof floats / sizeof *p, sizeof floats);
  return internal::bit_cast<typename P::Register>(floats);
}

/// Converts a column of integer weights, without their scales. Calls `f(gate, i, weights)` for each register i of each
/// gate's pack P.
template <class P, std::size_t Gates, IntegerWeight Weight, class F>
INLAY_INLINE void for_each_converted_register(const Weight* column, F&& f) {
  if constexpr (P::lanes == 1 && longest_run<float> > 0) {
    constexpr std::size_t all = Gates * P::registers, in_run = 4;
    ForEachIndex<std::make_index_sequence<(all + in_run - 1) / in_run>>{}([&](auto run) INLAY_INLINE_LAMBDA {
      constexpr std::size_t first = run * in_run;
      convert_run<std::min(in_run, all - first)>(column + first, [&](std::size_t k, float w) INLAY_INLINE_LAMBDA {
        f((first + k) / P::registers, (first + k) % P::registers, w);
      });
    });
  } else {
    P::template each_of<Gates>([&](std::size_t g, std::size_t i) INLAY_INLINE_LAMBDA {
      const Weight* const p = column + (g * P::registers + i) * P::lanes;
      if constexpr (P::lanes == 1) f(g, i, static_cast<float>(*p));
      else f(g, i, internal::bit_cast<typename P::Register>(detail::load_integers<P::lanes>(p)));
    });
  }
}

/// Loads the integer weights of `Rows` neighbouring rows of a panel of M as scalars, column by column. Empty if M has
/// other weights.
template <class M, std::size_t Rows>
class RowsOf;
template <class M, std::size_t Rows>
  requires(M::scaled)
class RowsOf<M, Rows> {
  using T = typename M::value_type;
  using Weight = typename M::Weight;
  static constexpr bool in_register = INLAY_HAS_NATIVE_VECTOR && M::backend::width > 1 && Rows == 4;

 public:
  /// Rows `row`, ..., `row` + Rows - 1 of the panel of `height` rows whose first column is at `weights`.
  INLAY_INLINE RowsOf(const Weight* weights, std::size_t row, std::size_t height) noexcept : row_(row) {
    std::memcpy(&scale_, M::scales(weights, height) + row * (sizeof(T) / sizeof(Weight)), sizeof scale_);
  }
  /// Returns the weights of the column at `column`, to be indexed by row.
  INLAY_INLINE auto operator()(const Weight* column) const noexcept {
    if constexpr (in_register) {
      return detail::load_integers<Rows>(column + row_) * scale_;
    } else {
      std::array<T, Rows> weights;
      load(column, weights);
      return weights;
    }
  }
  INLAY_INLINE void load(const Weight* column, auto& to) const noexcept {
    repeat<Rows>([&](std::size_t o) INLAY_INLINE_LAMBDA { to[o] = static_cast<T>(column[row_ + o]) * scale_[o]; });
  }

 private:
  std::conditional_t<in_register, compiler::Values<T, 4>, T[Rows]> scale_;
  std::size_t row_;
};

template <class M, std::size_t Rows>
  requires(!M::scaled)
class RowsOf<M, Rows> {
 public:
  constexpr RowsOf(const auto*, std::size_t, std::size_t) noexcept {}
};

/// Converts a column of bfloat16. Calls `f(gate, i, weights)` for each register i of each gate's pack P.
template <class P, std::size_t Gates, class F>
INLAY_INLINE void for_each_converted_register(const bfloat16* column, F&& f) {
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

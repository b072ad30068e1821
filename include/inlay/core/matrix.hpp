/// Weights of a product y = W x, laid out for the kernels that read them.
#pragma once

#include <array>
#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"

namespace inlay {

/// Accumulators that a kernel keeps in registers at once. One-lane backends keep theirs in memory,
/// where the compiler's vectoriser finds them, and want long runs.
template <class B>
constexpr std::size_t accumulators() {
  return B::width == 1 ? 256 : 12;
}

/// `Cols` input values to `Gates` x `Rows` output values; logical shape [Cols, Gates * Rows], the
/// orientation of Keras kernels.
///
/// Storage: the registers that hold one column's rows are divided into panels, as many as a kernel has
/// accumulators for. A panel stores, column by column, its rows of every gate, each gate padded to whole
/// registers: a product reads memory in one forward sweep, and no gate straddles a register.
template <class B, std::size_t Cols, std::size_t Rows, std::size_t Gates = 1>
class Matrix {
 public:
  using backend = B;
  using value_type = typename B::scalar;
  static constexpr std::size_t cols = Cols, rows = Rows, gates = Gates;
  static constexpr std::size_t lanes = B::lanes(Rows);
  static constexpr std::size_t registers = round_up(Rows, lanes) / lanes;

 private:
  // One gate alone is summed in two sets, see accumulate().
  static constexpr std::size_t widest = accumulators<B>() / (Gates == 1 && lanes > 1 ? 2 : Gates);

  static constexpr std::size_t panels = round_up(registers, widest) / widest;
  static constexpr std::size_t low = registers / panels * lanes;  // rows of a panel
  static constexpr std::size_t high = low + lanes;                // rows of the first few panels
  static constexpr std::size_t high_panels = registers % panels;

 public:
  /// Column `col` of the panel that starts at `row` and has `height` rows: `Gates` runs of `height` values.
  static constexpr std::size_t column(std::size_t row, std::size_t height, std::size_t col) noexcept {
    return (row * Cols + col * height) * Gates;
  }
  const value_type* data() const noexcept { return data_; }

  /// Calls `f.template operator()<Height>(row)` for each panel; `row` is its first row, and `Height` its
  /// number of rows, padding included. There are at most two heights, so code is compiled at most twice.
  template <class F>
  static INLAY_INLINE void for_panels(F&& f) {
    for (std::size_t p = 0; p < high_panels; ++p) f.template operator()<high>(p * high);
    for (std::size_t p = high_panels; p < panels; ++p) f.template operator()<low>(high_panels * lanes + p * low);
  }

  static constexpr std::array<std::size_t, 2> shape() noexcept { return {Cols, Gates * Rows}; }
  value_type get(std::size_t i) const noexcept { return data_[offset(i)]; }
  void set(std::size_t i, value_type value) noexcept { data_[offset(i)] = value; }

 private:
  static constexpr std::size_t offset(std::size_t i) noexcept {
    const std::size_t col = i / (Gates * Rows), gate = i % (Gates * Rows) / Rows, row = i % Rows;
    const bool in_high = row < high_panels * high;
    const std::size_t height = in_high ? high : low, before = in_high ? 0 : high_panels * high;
    const std::size_t first = before + (row - before) / height * height;
    return column(first, height, col) + gate * height + row - first;
  }

  alignas(alignment) value_type data_[registers * lanes * Gates * Cols]{};
};

}  // namespace inlay

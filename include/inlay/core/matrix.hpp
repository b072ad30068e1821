/// Matrix: the weights of a product y = W x, in the layout of the kernels.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "inlay/core/aligned_array.hpp"
#include "inlay/core/column.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/scaled_row.hpp"
#include "inlay/core/weight.hpp"

namespace inlay::INLAY_ISA {

/// Number of accumulators that a kernel keeps in registers. 64-bit ARM needs none for broadcast inputs; Helium has
/// eight registers. One-lane backends keep theirs in memory, and use long runs for the compiler's vectoriser, unless
/// there are no vectors: then half of the registers hold sums.
template <class B>
constexpr std::size_t accumulators() {
  if (B::width > 1) return compiler::multiplies_by_lane ? 16 : compiler::simd_registers == 8 ? 4 : 12;
  return compiler::has_vectors ? 256 : 64 / sizeof(typename B::scalar);
}

/// Weights of a product of `Cols` input values and `Gates` x `Rows` output values. Logical shape [Cols, Gates * Rows],
/// as Keras kernels. Sizes are both static or both dynamic; dynamic ones are set by `resize`, and memory by `allocate`.
///
/// Storage: rows are divided into panels of at most as many registers as a kernel has accumulators. A panel stores,
/// column by column, its rows of every gate. Each gate is padded to whole registers. A product therefore reads memory
/// in one forward sweep, and no register contains values of two gates. The scales of integer weights precede the
/// columns of their panel, in the order of a column, as floats.
///
/// For dynamic sizes, code is compiled for every possible height of a panel. `MostUnits` limits the height, in
/// registers, for matrices that are rarely used.
template <class B, std::size_t Cols, std::size_t Rows, std::size_t Gates = 1, std::size_t MostUnits = unbounded>
class Matrix {
  static_assert((Cols == dynamic) == (Rows == dynamic));

 public:
  using backend = B;
  using value_type = typename B::scalar;
  static constexpr std::size_t gates = Gates;
  /// The type that weights are stored in: the backend's, but scalars instead of single integers, whose scales would
  /// take as much memory.
  using Weight = std::conditional_t<IntegerWeight<weight_of<B>> && Cols == 1, value_type, weight_of<B>>;
  /// True if weights are stored in a smaller type than the scalar.
  static constexpr bool compact = !std::is_same_v<Weight, value_type>;
  /// True if the weights of a row share a scale, see `IntegerWeight`.
  static constexpr bool scaled = IntegerWeight<Weight>;

 private:
  /// Number of columns whose memory holds the scales of a panel, before its first column.
  static constexpr std::size_t scale_columns = scaled ? sizeof(value_type) / sizeof(Weight) : 0;
  static constexpr std::size_t unit = row_unit<B, Rows>;
  // A single gate is summed in two sets of accumulators, see core/panel_accumulator.hpp.
  static constexpr std::size_t widest =
      std::min(MostUnits, accumulators<B>() / (Gates == 1 && B::lanes(unit) > 1 ? 2 : Gates) / (unit / B::lanes(unit)));

  struct Panels {
    std::size_t high_count = 0, low_count = 0;
    std::size_t high = 0, low = 0;  ///< rows of each of the first, higher panels and of the others
  };
  static constexpr Panels divide(std::size_t units) {
    const std::size_t count = round_up(units, widest) / widest;
    if (count == 0) return {};
    const std::size_t low = units / count * unit;
    return {units % count, count - units % count, low + unit, low};
  }
  static constexpr std::size_t units_of(std::size_t rows) { return round_up(rows, unit) / unit; }
  /// A small dynamic number of rows is one panel of half a register: full registers are slower.
  static constexpr std::size_t half = Rows == dynamic && unit > 2 && B::lanes(unit / 2) == unit / 2 ? unit / 2 : 0;

 public:
  void resize(std::size_t cols, std::size_t rows)
    requires(Rows == dynamic)
  {
    cols_.value = cols, rows_.value = rows;
    panels_ = rows <= half ? Panels{0, 1, 0, half} : divide(units_of(rows));
  }
  void allocate()
    requires(Rows == dynamic)
  {
    data_.resize(padded_rows() * Gates * stored_cols());
  }

  constexpr std::size_t cols() const noexcept { return cols_; }
  constexpr std::size_t rows() const noexcept { return rows_; }
  /// Number of rows, padded to whole registers.
  constexpr std::size_t padded_rows() const noexcept { return rows_ <= half ? half : units_of(rows_) * unit; }

  /// Address of column `col` of the panel that starts at `row` and has `height` rows. A column is `Gates` runs of
  /// `height` values.
  constexpr const Weight* column(std::size_t row, std::size_t height, std::size_t col) const noexcept {
    return data_.data() + position(row, height, col);
  }

  /// Address of the scales of a panel of `height` rows, given that of its first column.
  static constexpr const Weight* scales(const Weight* first_column, std::size_t height) noexcept
    requires(scaled)
  {
    return first_column - scale_columns * Gates * height;
  }

  /// Index of value `i` in a column of a panel of `height` rows. Values are counted gate by gate.
  static constexpr std::size_t index(std::size_t i, std::size_t height) {
    return index_in_column<Weight>(i, Gates * height, B::lanes(height));
  }

  /// Calls `f.template operator()<Height>(row, args...)` for each panel. `row` is its first row, `Height` its number of
  /// rows, padding included. There are at most two heights. For dynamic sizes, `f` is compiled for every possible
  /// height, as a function each. `f` must then capture nothing; `args` are passed in registers, whereas captured values
  /// would be stored and loaded again, which a short frame waits for.
  template <class F, class... Args>
  INLAY_INLINE void for_panels(F f, Args... args) const {
    if constexpr (Rows != dynamic) {
      constexpr Panels p = divide(units_of(Rows));
      if constexpr (p.high_count > 0)
        for (std::size_t i = 0; i < p.high_count; ++i) f.template operator()<p.high>(i * p.high, args...);
      for (std::size_t i = 0; i < p.low_count; ++i)
        f.template operator()<p.low>(p.high_count * p.high + i * p.low, args...);
    } else {
      constexpr auto function = []<std::size_t Height>() { return &panel<Height, F, Args...>; };
      // The most common case: no loop, which would cost a short frame 5%.
      if (const std::size_t only = only_height()) return for_height(function, only)(0, args...);
      if constexpr (widest == 1) return equal_panels<unit, F>(panels_.low_count, args...);
      const auto high = for_height(function, panels_.high), low = for_height(function, panels_.low);
      std::size_t row = 0;
      for (; row < panels_.high_count * panels_.high; row += panels_.high) high(row, args...);
      for (std::size_t i = 0; i < panels_.low_count; ++i, row += panels_.low) low(row, args...);
    }
  }
  /// Number of rows of the panel that starts at `row`, for work that does not keep them in registers. The next panel
  /// starts at `row` plus its height, up to `padded_rows()`.
  constexpr std::size_t panel_height(std::size_t row) const noexcept {
    const Panels p = panels();
    return row < p.high_count * p.high ? p.high : p.low;
  }
  /// Returns `of.template operator()<Height>()` for a height known at run time, by a lookup in a table.
  template <class Of>
  static INLAY_INLINE auto for_height(Of, std::size_t height) noexcept
    requires(Rows == dynamic)
  {
    static constexpr auto table = []<std::size_t... I>(std::index_sequence<I...>) {
      return std::array {
        Of{}.template operator()<half ? half : unit>(),
        Of{}.template operator()<(I + 1) * unit>()...
      };
    }(std::make_index_sequence<widest>{});
    return table[height / unit];
  }
  /// Returns the height of the panel if there is only one, else 0.
  constexpr std::size_t only_height() const noexcept
    requires(Rows == dynamic)
  {
    return panels_.high_count + panels_.low_count == 1 ? panels_.low : 0;
  }
  /// True if there is only one panel.
  static constexpr bool one_panel() {
    const Panels p = divide(units_of(Rows));
    return p.high_count + p.low_count == 1;
  }
  /// Number of registers of a column of the highest panel, all gates together.
  static constexpr std::size_t registers_of_column() {
    const Panels p = divide(units_of(Rows));
    const std::size_t height = p.high_count > 0 ? p.high : p.low;
    return Gates * height / B::lanes(height);
  }
  /// True if `holds(rows)` for the number of rows of any panel, without padding. Always true for dynamic sizes.
  template <class F>
  static constexpr bool any_panel(F holds) {
    if (Rows == dynamic) return true;
    const Panels p = divide(units_of(Rows));
    return (p.high_count > 0 && holds(p.high)) || (p.low_count > 1 && holds(p.low)) ||
           holds(Rows - p.high_count * p.high - (p.low_count - 1) * p.low);
  }

  constexpr std::array<std::size_t, 2> shape() const noexcept { return {cols_, Gates * rows_}; }
  constexpr value_type get(std::size_t i) const noexcept {
    const Place p = place(i);
    if constexpr (scaled) return row_at(data_.data(), p).get(p.col);
    else return static_cast<value_type>(data_.data()[offset(p)]);
  }
  /// With integer weights, `set_values` sets all weights: one by one, most of them would be rounded several times.
  constexpr void set(std::size_t i, value_type value) noexcept {
    const Place p = place(i);
    if constexpr (scaled) row_at(data_.data(), p).set(p.col, value);
    else data_.data()[offset(p)] = Weight(value);
  }
  /// Sets all weights and scales to zero.
  constexpr void clear_scales() noexcept
    requires(scaled)
  {
    data_.clear();
  }

 private:
  /// Not inlined: in one function, the code of all heights takes long to compile and spills registers.
  template <std::size_t Height, class F, class... Args>
  static INLAY_NOINLINE void panel(std::size_t row, Args... args) noexcept {
    F{}.template operator()<Height>(row, args...);
  }
  /// Many small panels are a loop in one function, which takes less time than calls.
  template <std::size_t Height, class F, class... Args>
  static INLAY_NOINLINE void equal_panels(std::size_t count, Args... args) noexcept {
    for (std::size_t i = 0; i < count; ++i) F{}.template operator()<Height>(i * Height, args...);
  }

  constexpr Panels panels() const noexcept {
    if constexpr (Rows == dynamic) return panels_;
    else return divide(units_of(Rows));
  }
  constexpr std::size_t stored_cols() const noexcept { return scale_columns + cols_; }
  constexpr std::size_t position(std::size_t row, std::size_t height, std::size_t col) const noexcept {
    return (row * stored_cols() + (scale_columns + col) * height) * Gates;
  }
  struct Place {
    std::size_t panel, height, col, value;  ///< first row of the panel, and number of a value of the column
  };
  constexpr Place place(std::size_t i) const noexcept {
    const Panels p = panels();
    const std::size_t col = i / (Gates * rows_), gate = i % (Gates * rows_) / rows_, row = i % rows_;
    const bool in_high = row < p.high_count * p.high;
    const std::size_t height = in_high ? p.high : p.low, before = in_high ? 0 : p.high_count * p.high;
    const std::size_t first = before + (row - before) / height * height;
    return {first, height, col, gate * height + row - first};
  }
  constexpr std::size_t offset(const Place& p) const noexcept {
    return position(p.panel, p.height, p.col) + index(p.value, p.height);
  }
  /// `data` points to weights or to constant weights.
  template <class Value>
  constexpr detail::ScaledRow<Value> row_at(Value* data, const Place& p) const noexcept {
    Value* const columns = data + position(p.panel, p.height, 0);
    return {columns - (Gates * p.height - p.value) * scale_columns, columns + index(p.value, p.height),
            Gates * p.height, cols_};
  }

  static constexpr std::size_t size =
      Rows == dynamic ? dynamic : units_of(Rows) * unit * Gates * (scale_columns + Cols);
  INLAY_NO_ADDRESS Extent<Cols> cols_;
  INLAY_NO_ADDRESS Extent<Rows> rows_;
  struct Empty {};
  INLAY_NO_ADDRESS std::conditional_t<Rows == dynamic, Panels, Empty> panels_;  ///< stored to save divisions
  AlignedArray<Weight, size> data_;
};

}  // namespace inlay::INLAY_ISA

/// Coefficients: rows of numbers, one per channel or one for all channels.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "inlay/core/aligned_array.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA::detail {

/// `Rows` numbers, each one per channel or one for all: shape [Rows, Count]. Of a polynomial, of a period.
template <class B, std::size_t Rows, std::size_t Size, std::size_t Count>
class Coefficients {
  static constexpr bool is_dynamic = Rows == dynamic || Size == dynamic;

 public:
  using value_type = typename B::scalar;
  void resize(std::size_t rows, std::size_t size)
    requires(is_dynamic)
  {
    rows_.value = rows;
    size_.value = size;
  }
  void allocate()
    requires(is_dynamic)
  {
    data_.resize(rows_ * stride());
  }
  constexpr std::array<std::size_t, 2> shape() const noexcept { return {rows_, per_row()}; }
  constexpr value_type get(std::size_t i) const noexcept {
    return data_.data()[i / per_row() * stride() + i % per_row()];
  }
  constexpr void set(std::size_t i, value_type value) noexcept {
    value_type* row = data_.data() + i / per_row() * stride();
    if constexpr (Count == 1) std::fill_n(row, std::size_t(size_), value);
    else row[i % per_row()] = value;
  }
  constexpr RowOfChannels<value_type> row(std::size_t k) const noexcept { return {data_.data() + k * stride()}; }

 private:
  constexpr std::size_t per_row() const noexcept { return Count == 1 ? 1 : std::size_t(size_); }
  constexpr std::size_t stride() const noexcept { return padded_frame<value_type>(size_); }

  INLAY_NO_ADDRESS Extent<Rows, struct OfRows> rows_;
  INLAY_NO_ADDRESS Extent<Size> size_;
  AlignedArray<value_type, is_dynamic ? dynamic : Rows * padded_frame<value_type>(Size)> data_;
};

}  // namespace inlay::INLAY_ISA::detail

/// TwoBiases: the bias tensor of a GRU with ResetAfter.
#pragma once

#include <array>
#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {
namespace detail {

/// The two biases of a GRU, shape [2, 3 Units].
template <class Row>
class TwoBiases {
 public:
  using value_type = typename Row::value_type;
  void resize(std::size_t units) {
    for (Row& r : row) r.resize(units);
  }
  void allocate()
    requires requires(Row r) { r.allocate(); }
  {
    for (Row& r : row) r.allocate();
  }
  constexpr std::array<std::size_t, 2> shape() const noexcept { return {2, row_size()}; }
  constexpr value_type get(std::size_t i) const noexcept { return row[i / row_size()].get(i % row_size()); }
  constexpr void set(std::size_t i, value_type value) noexcept { row[i / row_size()].set(i % row_size(), value); }
  Row row[2];

 private:
  constexpr std::size_t row_size() const noexcept { return row[0].shape()[0]; }
};

}  // namespace detail
}  // namespace inlay::INLAY_ISA

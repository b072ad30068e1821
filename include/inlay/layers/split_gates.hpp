/// SplitGates: a tensor of three gates, stored as two matrices.
#pragma once

#include <array>
#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {
namespace detail {

/// A matrix of three gates, [cols, 3 rows], stored as one matrix of the first two gates and one of the last. For a last
/// gate that multiplies another vector than the first two.
template <class FirstTwo, class Last>
class SplitGates {
 public:
  using value_type = typename Last::value_type;
  void resize(std::size_t cols, std::size_t rows) {
    first_two.resize(cols, rows);
    last.resize(cols, rows);
  }
  void allocate()
    requires requires(Last m) { m.allocate(); }
  {
    first_two.allocate();
    last.allocate();
  }
  constexpr void clear_scales() noexcept
    requires(Last::scaled)
  {
    first_two.clear_scales();
    last.clear_scales();
  }
  constexpr std::array<std::size_t, 2> shape() const noexcept { return {last.cols(), 3 * last.rows()}; }
  constexpr value_type get(std::size_t i) const noexcept {
    const std::size_t units = last.rows();
    const auto [col, row] = split(i);
    return row < 2 * units ? first_two.get(col * 2 * units + row) : last.get(col * units + row - 2 * units);
  }
  constexpr void set(std::size_t i, value_type value) noexcept {
    const std::size_t units = last.rows();
    const auto [col, row] = split(i);
    if (row < 2 * units) first_two.set(col * 2 * units + row, value);
    else last.set(col * units + row - 2 * units, value);
  }
  FirstTwo first_two;
  Last last;

 private:
  constexpr std::array<std::size_t, 2> split(std::size_t i) const noexcept {
    return {i / (3 * last.rows()), i % (3 * last.rows())};
  }
};

}  // namespace detail
}  // namespace inlay::INLAY_ISA

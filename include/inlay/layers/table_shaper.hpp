/// TableShaper: a static nonlinearity given by a table.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/backend/loop.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"

namespace inlay::INLAY_ISA {

/// Interpolation of a `BasicTableShaper` by straight lines.
struct LinearInterpolation {
  static constexpr std::string_view name = "linear";
  static constexpr bool is_cubic() noexcept { return false; }
};
/// Interpolation of a `BasicTableShaper` by Catmull-Rom splines: through all points, with the slope of their
/// neighbours.
struct CubicInterpolation {
  static constexpr std::string_view name = "cubic";
  static constexpr bool is_cubic() noexcept { return true; }
};
/// Either interpolation, selected by the file's `interpolation`. For layers of dynamic sizes.
class AnyInterpolation {
  static constexpr std::string_view names[] = {LinearInterpolation::name, CubicInterpolation::name};

 public:
  constexpr void visit(auto& v) { v.choice("interpolation", names, choice_); }
  constexpr bool is_cubic() const noexcept { return choice_ == 1; }

 private:
  std::size_t choice_ = 0;
};

/// Waveshaper: one function of all channels, given by `Points` values at equal distances from `low` to `high`. Outside
/// it has the value of the nearer end.
///
/// Tensor: `values` [Points]. Numbers: `low`, `high`, with low < high; a file with others is refused. Option in files:
/// `interpolation`, "linear" or "cubic".
///
/// PyTorch: trained as inlay.torch.TableShaper. Cost per frame: 3 Size multiply-accumulates; time and memory depend on
/// neither the interpolation nor, within the cache, the number of points. No state.
template <std::size_t Size, std::size_t Points, class Interpolation, Backend B>
class BasicTableShaper {
  static constexpr std::size_t most_points = 65536;
  static_assert(Points == dynamic || (Points >= 2 && Points <= most_points),
                "inlay::TableShaper: Points must be from 2 to 65536");

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {};
  static constexpr std::string_view type = "table_shaper";
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = 1;
  static constexpr std::size_t parameters = Points, macs = times<3, Size>;
  static constexpr bool in_place = true;

  constexpr void visit(auto& v) {
    v.option("size", size_);
    v.option("points", points_);
    if constexpr (Points == dynamic)
      v.require(points_ >= 2 && points_ <= most_points, "points", "a whole number from 2 to 65536");
    if constexpr (requires { Interpolation::name; }) v.option("interpolation", Interpolation::name);
    else interpolation_.visit(v);
    v.number("low", low);
    v.number("high", high);
    values_.count = points_;
    v.tensor("values", values_);
  }
  constexpr LayerShape shape() const noexcept { return {.in = size_, .out = size_, .macs = 3 * size_}; }

  /// A polynomial of the position in each interval, from 0 to 1.
  constexpr void prepare() noexcept {
    if constexpr (Points == dynamic) pieces_.resize(points_ - 1);
    density_ = scalar((double(points_) - 1) / (double(high) - double(low)));
    const auto value = [&](std::size_t i) { return double(values_.get(i)); };
    const auto slope = [&](std::size_t i) {
      const std::size_t left = i == 0 ? 0 : i - 1, right = i + 1 == points_ ? i : i + 1;
      return (value(right) - value(left)) / double(right - left);
    };
    for (std::size_t i = 0; i + 1 < points_; ++i) {
      const double rise = value(i + 1) - value(i);
      const bool cubic = interpolation_.is_cubic();
      const double from = cubic ? slope(i) : rise, to = cubic ? slope(i + 1) : rise;
      pieces_[i] = {scalar(value(i)), scalar(from), scalar(3 * rise - 2 * from - to), scalar(from + to - 2 * rise)};
    }
  }
  void reset(State&) const noexcept {}

  INLAY_INLINE void forward(State&, const scalar* in, scalar* out) const noexcept {
    for (std::size_t c = 0; c < size_; ++c) out[c] = at(in[c]);
  }
  void process(State&, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    for (std::size_t c = 0; c < size_; ++c)
      for (std::size_t t = 0; t < frames; ++t) out.row(c)[t] = at(in.row(c)[t]);
  }

  scalar low = -1, high = 1;

 private:
  using One = LoopBackend<scalar>;
  struct Values {
    using value_type = scalar;
    void allocate()
      requires(Points == dynamic)
    {
      values.resize(count);
    }
    constexpr std::array<std::size_t, 1> shape() const noexcept { return {count}; }
    constexpr scalar get(std::size_t i) const noexcept { return values.data()[i]; }
    constexpr void set(std::size_t i, scalar value) noexcept { values.data()[i] = value; }

    std::size_t count = 0;
    AlignedArray<scalar, Points> values;
  };
  using Piece = std::array<scalar, 4>;  ///< coefficients of a polynomial, the lowest power first

  /// NaN is in the first interval, and stays NaN.
  INLAY_INLINE scalar at(scalar x) const noexcept {
    const scalar last = static_cast<scalar>(points_ - 2);
    const scalar position = One::max(scalar(0), One::min(last + 1, (x - low) * density_));
    const scalar piece = position == position ? One::min(last, position) : scalar(0);
    const auto i = static_cast<std::size_t>(static_cast<int>(piece));
    const scalar f = position - static_cast<scalar>(static_cast<int>(i));
    const Piece& p = pieces_[i];
    return One::fma(f, One::fma(f, One::fma(f, p[3], p[2]), p[1]), p[0]);
  }

  INLAY_NO_ADDRESS LayerExtent<Size> size_;
  INLAY_NO_ADDRESS Extent<Points, struct OfPoints> points_;
  INLAY_NO_ADDRESS Interpolation interpolation_;
  Values values_;
  scalar density_ = 0;
  ObjectArray<Piece, Points == dynamic ? dynamic : Points - 1> pieces_{};
};

/// With linear interpolation. See `BasicTableShaper`.
template <std::size_t Size, std::size_t Points, Backend B = default_backend>
using TableShaper = BasicTableShaper<Size, Points, LinearInterpolation, B>;

/// With cubic interpolation. See `BasicTableShaper`.
template <std::size_t Size, std::size_t Points, Backend B = default_backend>
using CubicTableShaper = BasicTableShaper<Size, Points, CubicInterpolation, B>;

}  // namespace inlay::INLAY_ISA

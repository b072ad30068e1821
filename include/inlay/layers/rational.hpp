/// Rational: y = P(x) / (1 + |Q(x)|), P and Q being polynomials.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/layers/coefficients.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// Denominator 1 + |b_1 x| + |b_2 x^2| + ... of a `BasicRational`.
struct RationalA {
  static constexpr std::string_view name = "A";
  static constexpr bool of_magnitudes() noexcept { return true; }
};
/// Denominator 1 + |b_1 x + b_2 x^2 + ...| of a `BasicRational`.
struct RationalB {
  static constexpr std::string_view name = "B";
  static constexpr bool of_magnitudes() noexcept { return false; }
};
/// Either denominator, selected by the file's `version`. For layers of dynamic sizes.
class AnyRational {
  static constexpr std::string_view names[] = {RationalA::name, RationalB::name};

 public:
  constexpr void visit(auto& v) { v.choice("version", names, choice_); }
  constexpr bool of_magnitudes() const noexcept { return choice_ == 0; }

 private:
  std::size_t choice_ = 0;
};

/// Rational activation with trained coefficients, per channel (Padé activation units: Molina, Schramowski, Kersting,
/// 2019):
///
///     y = (a_0 + a_1 x + ... + a_P x^P) / D,  P = NumeratorDegree, Q = DenominatorDegree
///     version A: D = 1 + |b_1 x| + |b_2 x^2| + ... + |b_Q x^Q|
///     version B: D = 1 + |b_1 x + b_2 x^2 + ... + b_Q x^Q|
///
/// Tensors: `numerator` [P + 1, Count], `denominator` [Q, Count], the lowest power first; Count is Size, for a function
/// per channel, or 1, for one function of all channels. The same as the versions A and B of the Python package
/// rational_activations, which NablAFx uses.
///
/// Cost per frame: (P + Q) Size multiply-accumulates, and a division per value. The result is as large as x^(P - Q)
/// where x is large, and NaN where powers of x overflow: in float with P = 5 beyond 1e7.
///
/// @tparam Version  `RationalA`, `RationalB`
template <std::size_t Size, std::size_t Count, std::size_t NumeratorDegree, std::size_t DenominatorDegree,
          class Version, Backend B>
class BasicRational
    : public Pointwise<BasicRational<Size, Count, NumeratorDegree, DenominatorDegree, Version, B>, Size, B> {
  static_assert(NumeratorDegree > 0 && DenominatorDegree > 0,
                "inlay::Rational: the degrees of numerator and denominator must be at least 1");

 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "rational";
  static constexpr std::size_t parameters = Count * (NumeratorDegree + 1 + DenominatorDegree);
  static constexpr std::size_t macs = Size * (NumeratorDegree + DenominatorDegree);
  constexpr LayerShape shape() const noexcept {
    return {.in = this->size_, .out = this->size_, .macs = this->size_ * (numerator_degree_ + denominator_degree_)};
  }

  constexpr void visit(auto& v) {
    v.option("size", this->size_);
    v.option("numerator_degree", numerator_degree_);
    v.option("denominator_degree", denominator_degree_);
    if constexpr (requires { Version::name; }) v.option("version", Version::name);
    else version_.visit(v);
    if constexpr (Size == dynamic) {
      numerator_.resize(numerator_degree_ + 1, this->size_);
      denominator_.resize(denominator_degree_, this->size_);
    }
    v.tensor("numerator", numerator_);
    v.tensor("denominator", denominator_);
  }

  /// |b x^k| = |b| |x|^k, so the denominator of version A is a polynomial of |x|.
  constexpr void prepare() noexcept {
    if (!version_.of_magnitudes()) return;
    for (std::size_t i = 0; i < size_of(denominator_); ++i)
      if (denominator_.get(i) < 0) denominator_.set(i, -denominator_.get(i));
  }

  template <class R>
  INLAY_INLINE R apply(R x, auto at) const noexcept {
    const R over = polynomial(numerator_, numerator_degree_ + 1, x, at);
    const R of = version_.of_magnitudes() ? magnitude(x, at) : x;
    const R under = magnitude(of * polynomial(denominator_, denominator_degree_, of, at), at);
    return math::divide<B>(over, at(scalar(1)) + under);
  }

 private:
  /// The polynomial with `rows` coefficients, by Horner's scheme.
  template <class R>
  static INLAY_INLINE R polynomial(const auto& coefficients, std::size_t rows, R x, auto at) noexcept {
    R y = at(coefficients.row(rows - 1));
    for (std::size_t k = rows - 1; k-- > 0;) y = B::fma(y, x, at(coefficients.row(k)));
    return y;
  }
  template <class R>
  static INLAY_INLINE R magnitude(R x, auto at) noexcept {
    return B::max(at(scalar(0)) - x, x);
  }

  static constexpr std::size_t numerator_rows = sum_of<NumeratorDegree, 1>;
  INLAY_NO_ADDRESS Extent<NumeratorDegree, struct OfNumerator> numerator_degree_;
  INLAY_NO_ADDRESS Extent<DenominatorDegree, struct OfDenominator> denominator_degree_;
  INLAY_NO_ADDRESS Version version_;
  detail::Coefficients<B, numerator_rows, Size, Count> numerator_;
  detail::Coefficients<B, DenominatorDegree, Size, Count> denominator_;
};

/// One function per channel, of version A. See `BasicRational`.
template <std::size_t Size, std::size_t NumeratorDegree = 5, std::size_t DenominatorDegree = 4,
          Backend B = default_backend>
using Rational = BasicRational<Size, Size, NumeratorDegree, DenominatorDegree, RationalA, B>;

/// One function of all channels, of version A. See `BasicRational`.
template <std::size_t Size, std::size_t NumeratorDegree = 5, std::size_t DenominatorDegree = 4,
          Backend B = default_backend>
using SharedRational = BasicRational<Size, 1, NumeratorDegree, DenominatorDegree, RationalA, B>;

}  // namespace inlay::INLAY_ISA

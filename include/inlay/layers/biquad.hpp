/// Biquad: second-order sections of a recursive filter, one after the other.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/second_order.hpp"

namespace inlay::INLAY_ISA {

/// Recursive filter of `Sections` second-order sections (biquads) in cascade, each channel with its own:
///
///     y(t) = b0 x(t) + b1 x(t-1) + b2 x(t-2) - a1 y(t-1) - a2 y(t-2)
///
/// `Size` channels in and out. Tensor: `coefficients` [Size, Sections, 5], in the order b0, b1, b2, a1, a2, divided by
/// a0. A first-order section has b2 = a2 = 0. The poles must be inside of the unit circle: |a2| < 1 and |a1| < 1 + a2.
/// Files with others are refused.
///
/// Transposed direct form II in double precision, whatever the backend: poles of low frequencies are so close to the
/// circle that float would move them.
///
/// SciPy: sosfilt. PyTorch: torchaudio.functional.lfilter and biquad, without their clamping to [-1, 1]; trained as
/// inlay.torch.Biquad. Cost per frame: 5 Sections Size multiply-accumulates. State: 2 Sections Size values.
template <std::size_t Size, std::size_t Sections = 1, Backend B = default_backend>
class Biquad {
  static_assert(Size > 0 && Sections > 0, "inlay::Biquad: Size and Sections must be at least 1");
  static constexpr std::size_t all = times<Size, Sections>;

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    ObjectArray<detail::SectionState, all> sections;
  };
  static constexpr std::string_view type = "biquad";
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = unbounded;
  static constexpr std::size_t parameters = times<5, all>, macs = times<5, all>;
  static constexpr bool in_place = true;

  constexpr void visit(auto& v) {
    v.option("size", size_);
    v.option("sections", sections_);
    coefficients_.extents = {size_, sections_, 5};
    v.tensor("coefficients", coefficients_);
  }
  constexpr LayerShape shape() const noexcept {
    return {.in = size_, .out = size_, .past = unbounded, .macs = 5 * size_ * sections_};
  }
  constexpr void prepare() noexcept {
    if constexpr (all == dynamic) ready_.resize(size_ * sections_);
    for (std::size_t i = 0; i < size_ * sections_; ++i) {
      const double* const c = coefficients_.values.data() + 5 * i;
      ready_[i] = detail::Section({c[0], c[1], c[2], c[3], c[4]});
    }
  }
  void resize(State& state) const
    requires(all == dynamic)
  {
    state.sections.resize(size_ * sections_);
  }
  void reset(State& state) const noexcept {
    for (std::size_t i = 0; i < size_ * sections_; ++i) state.sections[i] = {};
  }

  INLAY_INLINE void forward(State& state, const scalar* in, scalar* out) const noexcept {
    for (std::size_t c = 0; c < size_; ++c) {
      const std::size_t first = c * sections_;
      out[c] = static_cast<scalar>(
          detail::run_cascade(&ready_[first], &state.sections[first], sections_, static_cast<double>(in[c])));
    }
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    for (std::size_t c = 0; c < size_; ++c) {
      const std::size_t first = c * sections_;
      detail::run_cascade(&ready_[first], &state.sections[first], sections_, in.row(c), out.row(c), frames);
    }
  }

 private:
  /// Values in double precision, of any backend.
  struct Coefficients {
    using value_type = double;
    void allocate()
      requires(all == dynamic)
    {
      values.resize(extents[0] * extents[1] * extents[2]);
    }
    constexpr std::array<std::size_t, 3> shape() const noexcept { return extents; }
    constexpr double get(std::size_t i) const noexcept { return values.data()[i]; }
    constexpr void set(std::size_t i, double value) noexcept { values.data()[i] = value; }

    std::array<std::size_t, 3> extents{};
    AlignedArray<double, times<5, all>> values;
  };

  INLAY_NO_ADDRESS LayerExtent<Size> size_;
  INLAY_NO_ADDRESS Extent<Sections, struct OfSections> sections_;
  Coefficients coefficients_;
  ObjectArray<detail::Section, all> ready_;
};

}  // namespace inlay::INLAY_ISA

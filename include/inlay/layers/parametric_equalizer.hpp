/// ParametricEqualizer: shelves and peaks whose gains, frequencies and Qs are side channels.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "inlay/backend/default.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/clock.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/second_order.hpp"
#include "inlay/math/equalizer.hpp"

namespace inlay::INLAY_ISA {

/// Parametric equaliser of `Bands` bands in cascade, whose parameters are the condition: a low shelf, Bands - 2 peaks,
/// a high shelf. All `Size` channels have the same.
///
/// The condition has 3 `Bands` channels: gain in dB, frequency in Hz and Q of the first band, then of the next. They
/// are read at every `Hop`-th frame from the reset on, and hold for `Hop` frames. Coefficients: Audio EQ Cookbook
/// (Bristow-Johnson). Parameters out of range are clamped to +-120 dB, 1e-6 to 0.499 times the sample rate, Q from 0.01
/// to 1000, so that the filter is stable for every condition.
///
/// Number: `sample_rate` in Hz, positive, that of the signal that the network was trained on. Filters as those of
/// `Biquad`. The same as the parametric equalisers of NablAFx and dasp-pytorch. PyTorch: trained as
/// inlay.torch.ParametricEqualizer. Cost per frame: 5 Bands Size multiply-accumulates, and a sine, a cosine, an
/// exponential function and 4 divisions per band every `Hop` frames. State: 5 Bands + 2 Bands Size values.
template <std::size_t Size, std::size_t Bands, std::size_t Hop, Backend B = default_backend>
class ParametricEqualizer {
  static constexpr std::size_t most_bands = 1024;
  static_assert(Bands == dynamic || (Bands >= 2 && Bands <= most_bands),
                "inlay::ParametricEqualizer: Bands must be from 2 to 1024");
  static_assert(Hop > 0, "inlay::ParametricEqualizer: Hop must be at least 1");
  static constexpr std::size_t all = times<Size, Bands>;

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    ObjectArray<detail::Section, Bands> filter;
    ObjectArray<detail::SectionState, all> sections;
    Clock<Hop == dynamic ? dynamic : 0, Hop> clock;
  };
  static constexpr std::string_view type = "parametric_equalizer";
  static constexpr std::size_t in_size = Size, out_size = Size, condition_size = times<3, Bands>;
  static constexpr std::size_t receptive_field = unbounded, parameters = 0, macs = times<5, all>;
  static constexpr bool in_place = true;

  constexpr void visit(auto& v) {
    v.option("size", size_);
    v.option("bands", bands_);
    if constexpr (Bands == dynamic)
      v.require(bands_ >= 2 && bands_ <= most_bands, "bands", "a whole number from 2 to 1024");
    v.option("hop", hop_);
    v.number("sample_rate", sample_rate);
  }
  constexpr LayerShape shape() const noexcept {
    return {.in = size_,
            .out = size_,
            .condition = 3 * bands_,
            .past = unbounded,
            .macs = 5 * size_ * bands_,
            .state = (2 * size_ + 5) * bands_ * (sizeof(double) / sizeof(scalar))};
  }
  void resize(State& state) const
    requires(Bands == dynamic)
  {
    state.filter.resize(bands_);
    state.sections.resize(size_ * bands_);
    state.clock.resize(0, hop_);
  }
  void reset(State& state) const noexcept {
    for (std::size_t i = 0; i < size_ * bands_; ++i) state.sections[i] = {};
    state.clock.reset();
  }

  void forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    if (state.clock.tick()) design(state, context.condition, 1);
    for (std::size_t c = 0; c < size_; ++c)
      out[c] = static_cast<scalar>(
          detail::run_cascade(&state.filter[0], &state.sections[c * bands_], bands_, static_cast<double>(in[c])));
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    std::size_t done = 0;
    const auto run_until = [&](std::size_t t) {
      if (t > done)
        for (std::size_t c = 0; c < size_; ++c)
          detail::run_cascade(&state.filter[0], &state.sections[c * bands_], bands_, in.row(c) + done,
                              out.row(c) + done, t - done);
      done = t;
    };
    state.clock.tick(frames, [&](std::size_t t) {
      run_until(t);
      design(state, context.condition + t, tile_frames);
    });
    run_until(frames);
  }

  scalar sample_rate = 48000;

 private:
  /// Computes the filter from parameters that are `stride` values apart.
  INLAY_NOINLINE void design(State& state, const scalar* parameters_of, std::size_t stride) const noexcept {
    const auto next = [&] { return static_cast<double>(std::exchange(parameters_of, parameters_of + stride)[0]); };
    for (std::size_t band = 0; band < bands_; ++band) {
      const double gain = next(), frequency = next() / static_cast<double>(sample_rate), q = next();
      const auto shape = band == 0            ? math::BandShape::low_shelf
                         : band + 1 == bands_ ? math::BandShape::high_shelf
                                              : math::BandShape::peak;
      state.filter[band] = detail::Section(math::band_filter(shape, {gain, frequency, q}));
    }
  }

  INLAY_NO_ADDRESS LayerExtent<Size> size_;
  INLAY_NO_ADDRESS Extent<Bands, struct OfBands> bands_;
  INLAY_NO_ADDRESS Extent<Hop, struct OfHop> hop_;
};

}  // namespace inlay::INLAY_ISA

// A model at a multiple of its sample rate: every delay of the network keeps its duration, and aliases become softer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <inlay/engine.hpp>
#include <inlay/plugin/interleaved.hpp>
#include <inlay/plugin/model_slot.hpp>
#include <inlay/plugin/oversampled.hpp>
#include <inlay/plugin/resampled.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rates.hpp"

using namespace inlay;

namespace {

constexpr std::size_t factors[] = {2, 4, 8, 16};
constexpr Resampling qualities[] = {Resampling::low_latency, Resampling::standard, Resampling::best};

double passband(Resampling quality) {
  return quality == Resampling::low_latency ? 18000 : quality == Resampling::standard ? 20000 : 22000;
}
double ripple(Resampling quality) {
  return quality == Resampling::low_latency ? 1e-4 : quality == Resampling::standard ? 1e-5 : 1e-6;
}

/// A network that looks back in all ways.
template <std::size_t N>
using LooksBack = ModelT<Conv1D<1, 4, 3, 2 * N>, Tanh<4>, Delay<4, 5 * N>, Conv1D<4, 1, 2, N>>;

template <class Model>
Model filled() {
  Model model;
  Numbers numbers{7};
  model.layers().visit(numbers);
  return model;
}

/// The power of the overtones of a sine of `cycles` in all of `y`, and that of all else below 20 of 48 kHz.
struct Spectrum {
  double overtones = 0, aliases = 0;
};
Spectrum spectrum(const Signal& y, std::size_t cycles) {
  Spectrum sums;
  const std::size_t n = y.size();
  for (std::size_t k = 1; k < n * 20 / 48; ++k) {
    std::complex<double> sum = 0;
    for (std::size_t t = 0; t < n; ++t) sum += double(y[t]) * std::polar(1.0, -tau * double(k * t % n) / double(n));
    (k % cycles == 0 ? sums.overtones : sums.aliases) += std::norm(sum);
  }
  return sums;
}

}  // namespace

TEST(Interleaved, EveryDelayIsMultiplied) {
  const auto expect = [](auto factor) {
    constexpr std::size_t n = factor;
    auto expected = filled<LooksBack<n>>();
    Interleaved<LooksBack<1>> model(filled<LooksBack<1>>(), n);
    const Signal x = noise(4000);
    Signal y(x.size());
    expected.process(std::span(x), std::span(y));
    EXPECT_EQ(processed(model, x), y) << n;
    EXPECT_EQ(model.latency(), expected.latency());
    EXPECT_EQ(model.receptive_field(), std::size_t{expected.receptive_field});
    EXPECT_EQ(model.factor(), n);
  };
  expect(std::integral_constant<std::size_t, 1>{});
  expect(std::integral_constant<std::size_t, 2>{});
  expect(std::integral_constant<std::size_t, 3>{});
  expect(std::integral_constant<std::size_t, 8>{});
}

TEST(Interleaved, RecurrentNetworksAreAsRateCorrected) {
  using Corrected = ModelT<RateCorrected<LSTM<1, 4>>, Dense<4, 1>>;
  auto corrected = filled<Corrected>();
  for (const std::size_t factor : {2u, 5u, 8u}) {
    ASSERT_TRUE(corrected.set_sample_rate(double(factor), 1));
    corrected.reset();
    Interleaved<Amp> model(filled<Amp>(), factor);
    const Signal x = noise(2000), y = processed(model, x), expected = processed(corrected, x);
    for (std::size_t t = 0; t < x.size(); ++t) ASSERT_NEAR(y[t], expected[t], 1e-6) << factor << ", " << t;
    EXPECT_EQ(model.receptive_field(), unbounded);
  }
}

TEST(Interleaved, CutsDoNotChangeTheOutput) {
  const Signal x = noise(6000);
  for (const std::size_t factor : {1u, 2u, 3u, 8u}) {
    Interleaved<Amp> whole(amp(), factor, x.size());
    const Signal expected = processed(whole, x, {x.size()});
    for (const std::size_t max_frames : {1u, 100u}) {
      Interleaved<Amp> model(amp(), factor, max_frames);
      for (const std::vector<std::size_t>& cuts : many_cuts) {
        model.reset();
        EXPECT_EQ(processed(model, x, cuts), expected) << "calls of " << cuts[0] << ", pieces of " << max_frames;
      }
    }
  }
}

TEST(Interleaved, SeveralChannelsInPlaceAndSideChannels) {
  using Both = ModelT<AppendCondition<2, 2>, Dense<4, 3>>;
  const auto both = filled<Both>();
  Interleaved<Both> model(both, 3);
  EXPECT_EQ(model.in_size(), 2u);
  EXPECT_EQ(model.out_size(), 3u);
  EXPECT_EQ(model.condition_size(), 2u);
  Signal a = noise(1000, 1), b = noise(1000, 2), c(1000), side = noise(1000, 3);
  Signal ya(1000), yb(1000), yc(1000);
  const float value[] = {0.5f};
  const float *const in[] = {a.data(), b.data()}, *const signal = side.data();
  float *const out[] = {ya.data(), yb.data(), yc.data()}, *const place[] = {a.data(), b.data(), c.data()};
  const Condition<float> condition(&signal, value);
  Both without_memory = both;
  without_memory.process(in, out, 1000, condition);
  EXPECT_EQ(model.process(place, place, 1000, condition), 1000u);
  EXPECT_EQ(a, ya);
  EXPECT_EQ(b, yb);
  EXPECT_EQ(c, yc);
  EXPECT_EQ(model.process(in, out, 1000), 0u);  // side channels that do not fit
  const float three[] = {1, 2, 3};
  EXPECT_EQ(model.process(in, out, 1000, Condition<float>(std::span<const float>(three))), 0u);
  EXPECT_EQ(c, yc);
}

TEST(Interleaved, ArgumentsThatDoNotFit) {
  EXPECT_THROW(Interleaved<Amp>(amp(), 0), std::invalid_argument);
  EXPECT_THROW(Interleaved<Amp>(amp(), 2, 0), std::invalid_argument);
  using Halves = ModelT<StridedConv1D<1, 1, 2, 2>>;
  EXPECT_THROW(Interleaved<Halves>({}, 2), std::invalid_argument);
  EXPECT_THROW(Oversampled<Halves>({}, {.sample_rate = 48000}), std::invalid_argument);
}

TEST(HalfBand, KeepsThePassbandAndStopsItsMirrorImage) {
  for (const double pass : {0.375, 0.4166, 0.458, 0.2, 0.1})
    for (const double attenuation : {80.0, 100.0, 120.0}) {
      const detail::HalfBand<double> filter(pass, attenuation);
      const double limit = 1.01 * std::pow(10, -attenuation / 20);
      constexpr std::size_t frames = 1500;
      const std::size_t start = 4 * filter.reach() + 10;
      for (const double part : {0.01, 0.3, 0.77, 1.0}) {
        SCOPED_TRACE(std::to_string(pass) + ", " + std::to_string(attenuation) + ": " + std::to_string(part));
        // Half the passband's frequency at twice the rate, and its mirror image.
        const double own = part * pass / 2, image = 0.5 - own;
        detail::Doubled<double> doubled(filter, frames);
        detail::Halved<double> halved(filter, frames);
        const auto half = [&](double frequency) {
          std::vector<double> y(frames);
          halved.reset();
          halved.process(filter, sine<double>(frequency, 2 * frames).data(), y.data(), frames);
          return y;
        };
        std::vector<double> y(2 * frames);
        doubled.process(filter, sine<double>(2 * own, frames).data(), y.data(), frames);
        EXPECT_LT(difference(y, own, double(doubled.latency(filter)), 2 * start), 2 * limit);
        EXPECT_LT(difference(half(own), 2 * own, double(halved.latency(filter)) / 2, start), limit);
        for (const std::vector<double> stopped = half(image); const double each : std::span(stopped).subspan(start))
          ASSERT_LT(std::abs(each), limit);
      }
    }
}

TEST(Oversampled, RoundTripOfTheWholePassband) {
  const auto expect = []<class T>(std::size_t factor, Resampling quality, T tolerance) {
    SCOPED_TRACE(std::to_string(factor) + " times, quality " + std::to_string(static_cast<int>(quality)));
    Oversampled<Through<T>> model({}, {.factor = factor, .sample_rate = 48000, .quality = quality});
    for (const double part : {0.001, 0.05, 0.3, 0.61, 0.83, 0.96, 1.0}) {
      const double frequency = part * passband(quality) / 48000;
      model.reset();
      const std::vector<T> y = processed(model, sine<T>(frequency, 1500));
      EXPECT_LT(difference(y, frequency, double(model.latency()), 400), tolerance) << part;
    }
  };
  for (const std::size_t factor : factors)
    for (const Resampling quality : qualities) expect(factor, quality, static_cast<float>(4 * ripple(quality) + 1e-6));
  expect(8, Resampling::best, 4e-6);
}

TEST(Oversampled, AliasesAreSofterAndTheSoundStays) {
  using Drive = ModelT<Dense<1, 1>, Tanh<1>>;
  Drive drive;
  ASSERT_TRUE(assign(drive.layer<0>(), "kernel", {4.0f}));
  constexpr std::size_t n = 4800, cycles = 503;  // 5.03 kHz at 48 kHz
  const Signal x = sine(double(cycles) / n, 2 * n);
  const auto last = [](const Signal& y) { return spectrum({y.end() - n, y.end()}, cycles); };
  const Spectrum plain = last(processed(drive, x));
  double before = plain.aliases / plain.overtones;
  for (const std::size_t factor : {2u, 4u, 8u}) {
    Oversampled<Drive> model(drive, {.factor = factor, .sample_rate = 48000});
    const Spectrum now = last(processed(model, x));
    EXPECT_NEAR(10 * std::log10(now.overtones / plain.overtones), 0, 0.1);
    EXPECT_LT(now.aliases / now.overtones, std::fmax(before / 100, 1e-12)) << factor;
    before = now.aliases / now.overtones;
  }
  EXPECT_LT(before, 1e-4 * plain.aliases / plain.overtones);
}

TEST(Oversampled, LatencyOfTheModelIsIncluded) {
  for (const std::size_t factor : factors) {
    Oversampled<ModelT<Delay<1, 7>>> late({}, {.factor = factor, .sample_rate = 48000});
    Oversampled<Through<float>> model({}, {.factor = factor, .sample_rate = 48000});
    EXPECT_EQ(late.latency(), model.latency() + 7);
    EXPECT_LT(difference(processed(late, sine(0.01, 3000)), 0.01, double(late.latency()), 1500), 5e-5);
    EXPECT_EQ(late.receptive_field(), 8 + 2 * (late.latency() + 1));
  }
}

TEST(Oversampled, LatencyOfEachQuality) {
  constexpr std::size_t expected[3][4] = {{21, 25, 27, 27}, {39, 44, 46, 47}, {95, 102, 105, 106}};
  for (std::size_t q = 0; q < 3; ++q)
    for (std::size_t f = 0; f < 4; ++f) {
      Oversampled<Through<float>> model({}, {.factor = factors[f], .sample_rate = 48000, .quality = qualities[q]});
      EXPECT_EQ(model.latency(), expected[q][f]) << q << ", " << factors[f];
    }
}

TEST(Oversampled, AnOutputDependsOnNoMoreThanTheReceptiveField) {
  for (const std::size_t factor : factors) {
    Oversampled<LooksBack<1>> model(filled<LooksBack<1>>(), {.factor = factor, .sample_rate = 48000});
    Signal x = noise(4 * model.receptive_field());
    const Signal y = processed(model, x);
    x[0] += 1;
    model.reset();
    const Signal other = processed(model, x);
    for (std::size_t t = model.receptive_field(); t < x.size(); ++t) ASSERT_EQ(y[t], other[t]) << factor << ", " << t;
  }
}

TEST(Oversampled, CutsDoNotChangeTheOutput) {
  for (const std::size_t factor : {2u, 8u}) {
    const Signal x = noise(6000);
    Oversampled<Amp> whole(amp(), {.factor = factor, .sample_rate = 48000, .max_frames = 6000});
    const Signal expected = processed(whole, x, {x.size()});
    for (const std::size_t max_frames : {1u, 100u}) {
      Oversampled<Amp> model(amp(), {.factor = factor, .sample_rate = 48000, .max_frames = max_frames});
      for (const std::vector<std::size_t>& cuts : many_cuts) {
        model.reset();
        EXPECT_EQ(processed(model, x, cuts), expected) << "calls of " << cuts[0] << ", pieces of " << max_frames;
      }
    }
  }
}

TEST(Oversampled, SideChannels) {
  Oversampled<Mix> model(mix(), {.factor = 4, .sample_rate = 48000});
  const Signal x = sine(0.016, 3000);
  Signal minus(x.size()), y(x.size());
  std::transform(x.begin(), x.end(), minus.begin(), std::negate<>());
  const float *const in = x.data(), *const side = minus.data();
  float* const out = y.data();
  const float value[] = {0.5f};

  // The signal is in time with the input, so it cancels it. The value remains.
  EXPECT_EQ(model.process(&in, &out, x.size(), Condition<float>(&side, value)), x.size());
  for (std::size_t t = 2 * model.latency(); t < x.size(); ++t) ASSERT_NEAR(y[t], 0.5, 2e-5) << t;

  const Signal before = y;  // side channels that do not fit
  EXPECT_EQ(model.process(&in, &out, x.size()), 0u);
  const float three[] = {1, 2, 3};
  EXPECT_EQ(model.process(&in, &out, x.size(), Condition<float>(std::span<const float>(three))), 0u);
  EXPECT_EQ(y, before);
}

TEST(Oversampled, VoicesInPlaceCopyAndMove) {
  const Signal x = noise(2000), other = noise(2000, 2);
  Oversampled<Amp> model(amp(), {.factor = 4, .sample_rate = 48000});
  const Signal expected = processed(model, x), later = processed(model, other);
  Voices<Oversampled<Amp>> voices(model, 2);
  Signal a = x, b = x;
  float* const channels[] = {a.data(), b.data()};
  voices.process(channels, channels, a.size(), {});
  EXPECT_EQ(a, expected);
  EXPECT_EQ(b, expected);

  model.reset();
  EXPECT_EQ(processed(model, x), expected);
  Oversampled<Amp> copy = model;  // with the state
  model.reset();
  EXPECT_EQ(processed(copy, other), later);
  EXPECT_EQ(processed(model, x), expected);
  const Oversampled<Amp> moved = std::move(model);
  auto state = moved.new_state();
  Signal y(x.size());
  const float* const in = x.data();
  float* const out = y.data();
  moved.process(state, &in, &out, x.size());
  EXPECT_EQ(y, expected);
}

TEST(Oversampled, InAHostAtAnotherRateAndInASlot) {
  Resampled<Oversampled<Through<float>>> through(Oversampled<Through<float>>({}, {.factor = 4, .sample_rate = 48000}),
                                                 {.host_rate = 44100});
  EXPECT_EQ(through.model_rate(), 48000);
  EXPECT_LT(difference(processed(through, sine(0.02, 6000)), 0.02, double(through.latency()), 3 * through.latency()),
            1e-4);

  using AtHostRate = Resampled<Oversampled<Amp>>;
  const auto made = [] {
    return AtHostRate(Oversampled<Amp>(amp(), {.factor = 4, .sample_rate = 48000}), {.host_rate = 44100});
  };
  AtHostRate model = made();
  const Signal x = noise(6000), expected = processed(model, x);
  ModelSlot<AtHostRate> slot({.fade_frames = 500});
  Signal y(x.size());
  for (std::size_t t = 0; t < x.size(); t += 100) {
    if (t == 2000) slot.publish(made());
    slot.process({x.data() + t, 100}, {y.data() + t, 100});
  }
  for (std::size_t t = 2500; t < x.size(); ++t) ASSERT_EQ(y[t], expected[t]) << t;
}

TEST(Oversampled, OptionsThatDoNotFit) {
  const auto with = [](OversampledOptions options) { Oversampled<Through<float>>({}, options); };
  with({.sample_rate = 48000});
  with({.factor = 16, .sample_rate = 22050});
  EXPECT_THROW(with({}), std::invalid_argument);
  EXPECT_THROW(with({.factor = 0, .sample_rate = 48000}), std::invalid_argument);
  EXPECT_THROW(with({.factor = 1, .sample_rate = 48000}), std::invalid_argument);
  EXPECT_THROW(with({.factor = 3, .sample_rate = 48000}), std::invalid_argument);
  EXPECT_THROW(with({.factor = 32, .sample_rate = 48000}), std::invalid_argument);
  EXPECT_THROW(with({.sample_rate = NAN}), std::invalid_argument);
  EXPECT_THROW(with({.sample_rate = -1}), std::invalid_argument);
  EXPECT_THROW(with({.sample_rate = 48000, .max_frames = 0}), std::invalid_argument);
}

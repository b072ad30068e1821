// A model at another sample rate than it was trained at: what the filters keep and attenuate, latency, cuts, voices.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstddef>
#include <inlay/engine.hpp>
#include <inlay/plugin/model_slot.hpp>
#include <inlay/plugin/resampled.hpp>
#include <memory>
#include <numbers>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rates.hpp"

using namespace inlay;

namespace {

struct Rates {
  double host, model;
};
constexpr Rates all_rates[] = {{44100, 48000},  {48000, 44100}, {88200, 48000},  {96000, 48000},
                               {192000, 48000}, {48000, 96000}, {44056, 48000},  {48000, 47999},
                               {32000, 48000},  {16000, 44100}, {192000, 12000}, {11025, 96000}};
constexpr Resampling qualities[] = {Resampling::low_latency, Resampling::standard, Resampling::best};

std::string name_of(Rates rates, Resampling quality = Resampling::standard) {
  return std::to_string(rates.host) + " Hz, model at " + std::to_string(rates.model) + " Hz, quality " +
         std::to_string(static_cast<int>(quality));
}

/// The end of the passband in Hz, and what the filters may add to a signal.
double passband(Rates rates, Resampling quality) {
  return (quality == Resampling::low_latency ? 18000 : 20000) *
         std::fmin(1, std::fmin(rates.host, rates.model) / 44100);
}
double ripple(Resampling quality) {
  return quality == Resampling::low_latency ? 1e-4 : quality == Resampling::standard ? 1e-5 : 1e-6;
}

/// A round trip of a sine is the sine, `latency()` frames late: the level, images, aliases and the latency in one.
template <class T>
void expect_round_trip(Rates rates, Resampling quality, double tolerance) {
  SCOPED_TRACE(name_of(rates, quality));
  Resampled<Through<T>> model({}, {.host_rate = rates.host, .model_rate = rates.model, .quality = quality});
  const std::size_t start = 3 * model.latency();
  for (const double part : {0.001, 0.05, 0.3, 0.61, 0.83, 0.96, 1.0}) {
    const double frequency = part * passband(rates, quality);
    model.reset();
    const std::vector<T> y = processed(model, sine<T>(frequency / rates.host, start + 1000));
    EXPECT_LT(difference(y, frequency / rates.host, double(model.latency()), start), tolerance) << frequency << " Hz";
  }
}

}  // namespace

TEST(Resampled, RoundTripOfTheWholePassband) {
  for (const Rates rates : all_rates)
    for (const Resampling quality : qualities) expect_round_trip<float>(rates, quality, 4 * ripple(quality) + 1e-6);
}

TEST(Resampled, RoundTripInDouble) {
  expect_round_trip<double>({44100, 48000}, Resampling::best, 3e-6);
  // The factors of a phase add up to 1: a constant shows their precision.
  Resampled<Through<double>> model({}, {.host_rate = 44100, .model_rate = 48000});
  const std::vector<double> x(1000, 1.0);
  std::vector<double> y(x.size());
  model.process(std::span<const double>(x), std::span(y));
  for (std::size_t t = 3 * model.latency(); t < y.size(); ++t) ASSERT_NEAR(y[t], 1, 1e-13) << t;
}

TEST(Resampled, OneFilterKeepsThePassbandAndAttenuatesTheRest) {
  for (const Rates rates : {Rates{44100, 48000}, {48000, 44100}, {44100, 96000}, {96000, 44100}, {192000, 48000}})
    for (const Resampling quality : qualities) {
      SCOPED_TRACE(name_of(rates, quality));
      const double low = std::fmin(rates.host, rates.model), pass = passband(rates, quality);
      const double stop = quality == Resampling::best ? low / 2 : low - pass;
      const auto from = static_cast<std::size_t>(rates.host) / 300, to = static_cast<std::size_t>(rates.model) / 300;
      const detail::RateRatio ratio{from / std::gcd(from, to), to / std::gcd(from, to)};
      const detail::InterpolationFilter<float> filter({pass, stop, -20 * std::log10(ripple(quality))}, rates.host,
                                                      ratio.to);
      const std::size_t frames = 6 * filter.taps() + 2000;
      detail::RateConverter<float> converter(filter, ratio, 0, 1, frames);

      // Frequency of the input to the largest difference from the sine that should come out, or from silence.
      const auto error = [&](double frequency) {
        converter.reset();
        float* const in = converter.room_for(frames)[0];
        for (std::size_t t = 0; t < frames; ++t)
          in[t] = static_cast<float>(std::sin(tau * frequency / rates.host * double(t)));
        converter.wrote(frames);
        Signal y(converter.ready());
        float* out = y.data();
        converter.read(&out, y.size());
        const std::size_t start = 3 * filter.taps() * ratio.to / ratio.from;
        const double late = double(filter.reach()) * rates.model / rates.host;
        if (frequency <= pass) return difference(y, frequency / rates.model, late, start);
        double most = 0;
        for (std::size_t t = start; t < y.size(); ++t) most = std::fmax(most, std::abs(double(y[t])));
        return most;
      };
      for (double f = 50; f <= pass; f += 1330) EXPECT_LT(error(f), 2 * ripple(quality) + 5e-7) << f << " Hz";
      EXPECT_LT(error(pass), 2 * ripple(quality) + 5e-7) << pass << " Hz";
      for (double f = stop; f < rates.host / 2; f += 1330)
        EXPECT_LT(error(f), 2 * ripple(quality) + 5e-7) << f << " Hz";
    }
}

TEST(Resampled, AnImpulseArrivesAfterTheLatency) {
  for (const Rates rates : all_rates)
    for (const Resampling quality : qualities) {
      SCOPED_TRACE(name_of(rates, quality));
      Resampled<Through<float>> model(Through<float>{},
                                      {.host_rate = rates.host, .model_rate = rates.model, .quality = quality});
      Signal x(3 * model.latency() + 200);
      const std::size_t at = 100, late = model.latency();
      x[at] = 1;
      const Signal y = processed(model, x);
      const auto peak = std::max_element(y.begin(), y.end()) - y.begin();
      // An impulse has all frequencies, also those between the bands. If the model has few frames, they move the peak.
      EXPECT_LE(std::abs(double(peak) - double(at + late)), rates.host / rates.model / 8);
    }
}

TEST(Resampled, LatencyOfTheModelIsIncluded) {
  const auto late = [](auto model, Rates rates) {
    Resampled<decltype(model)> resampled(model, {.host_rate = rates.host, .model_rate = rates.model});
    EXPECT_LT(difference(processed(resampled, sine(0.01, 3000)), 0.01, double(resampled.latency()), 1500), 5e-5);
    return resampled.latency();
  };
  using Late = ModelT<Delay<1, 7>>;
  for (const Rates rates : {Rates{44100, 48000}, {192000, 48000}, {48000, 96000}, {48000, 48000}}) {
    SCOPED_TRACE(name_of(rates));
    const std::size_t without = late(Through<float>{}, rates), with = late(Late{}, rates);
    EXPECT_NEAR(double(with - without), 7 * rates.host / rates.model, 1);
  }
}

TEST(Resampled, CutsDoNotChangeTheOutput) {
  for (const Rates rates : all_rates) {
    SCOPED_TRACE(name_of(rates));
    const Signal x = noise(6000);
    Resampled<Amp> whole(amp(), {.host_rate = rates.host, .model_rate = rates.model, .max_frames = 6000});
    const Signal expected = processed(whole, x, {x.size()});
    for (const std::size_t max_frames : {1u, 500u}) {
      Resampled<Amp> model(amp(), {.host_rate = rates.host, .model_rate = rates.model, .max_frames = max_frames});
      for (const std::vector<std::size_t>& cuts : many_cuts) {
        model.reset();
        EXPECT_EQ(processed(model, x, cuts), expected) << "calls of " << cuts[0] << ", pieces of " << max_frames;
      }
    }
  }
}

TEST(Resampled, SameRatesAreTheModelAlone) {
  const Signal x = noise(3000);
  Resampled<Amp> model(amp(), {.host_rate = 48000, .model_rate = 48000});
  EXPECT_EQ(model.latency(), 0u);
  Amp alone = amp();
  Signal y(x.size());
  alone.process(std::span(x), std::span(y));
  EXPECT_EQ(processed(model, x), y);
}

TEST(Resampled, VoicesAreAsAlone) {
  for (const double host : {44100.0, 48000.0}) {
    constexpr std::size_t voices = 3, frames = 2000;
    Voices<Resampled<Amp>> together(Resampled<Amp>(amp(), {.host_rate = host, .model_rate = 48000}), voices);
    std::vector<Signal> in, out(voices, Signal(frames));
    for (unsigned v = 0; v < voices; ++v) in.push_back(noise(frames, v));
    const float* const from[] = {in[0].data(), in[1].data(), in[2].data()};
    float* const to[] = {out[0].data(), out[1].data(), out[2].data()};
    together.process(from, to, frames, {});
    for (std::size_t v = 0; v < voices; ++v) {
      Resampled<Amp> alone(amp(), {.host_rate = host, .model_rate = 48000});
      EXPECT_EQ(processed(alone, in[v]), out[v]) << v;
    }
  }
}

TEST(Resampled, SeveralChannelsInPlace) {
  using Both = ModelT<Dense<2, 3>>;
  Both dense;
  ASSERT_TRUE(assign(dense.layer<0>(), "kernel", {1.0f, 0.0f, 1.0f, 0.0f, 1.0f, -1.0f}));
  Resampled<Both> model(dense, {.host_rate = 44100, .model_rate = 48000});
  Resampled<Through<float>> mono({}, {.host_rate = 44100, .model_rate = 48000});
  Signal a = noise(1500, 1), b = noise(1500, 2), c(1500);
  const Signal first = processed(mono, a);
  mono.reset();
  const Signal second = processed(mono, b);
  float* const channels[] = {a.data(), b.data(), c.data()};
  ASSERT_EQ(model.out_size(), 3u);
  model.process(channels, channels, 1500);
  EXPECT_EQ(a, first);
  EXPECT_EQ(b, second);
  for (std::size_t t = 0; t < c.size(); ++t) ASSERT_NEAR(c[t], first[t] - second[t], 1e-5) << t;
}

TEST(Resampled, SideChannels) {
  for (const double host : {44100.0, 48000.0}) {
    SCOPED_TRACE(host);
    Resampled<Mix> model(mix(), {.host_rate = host, .model_rate = 48000});
    Signal x(3000), minus(x.size()), y(x.size());
    for (std::size_t t = 0; t < x.size(); ++t) minus[t] = -(x[t] = static_cast<float>(std::sin(double(t) * 0.1)));
    const float* const in = x.data();
    const float* const side = minus.data();
    float* const out = y.data();
    const float value[] = {0.5f};
    const Condition<float> condition(&side, value);

    // The signal is in time with the input, so it cancels it. The value remains.
    EXPECT_EQ(model.process(&in, &out, x.size(), condition), x.size());
    for (std::size_t t = 2 * model.latency(); t < x.size(); ++t) ASSERT_NEAR(y[t], 0.5, 2e-5) << t;

    // Side channels that do not fit.
    std::fill(y.begin(), y.end(), 7.0f);
    EXPECT_EQ(model.process(&in, &out, x.size()), 0u);
    EXPECT_EQ(model.process(&in, &out, x.size(), Condition<float>(std::span<const float>(value))), 0u);
    const float three[] = {1, 2, 3};
    EXPECT_EQ(model.process(&in, &out, x.size(), Condition<float>(std::span<const float>(three))), 0u);
    EXPECT_EQ(y, Signal(x.size(), 7.0f));
  }
}

TEST(Resampled, InASlot) {
  using AtHostRate = Resampled<Amp>;
  const Signal x = noise(9000);
  AtHostRate alone(amp(), {.host_rate = 44100, .model_rate = 48000});
  const Signal expected = processed(alone, x);
  ModelSlot<AtHostRate> slot({.fade_frames = 500});
  Signal y(x.size());
  for (std::size_t t = 0; t < x.size(); t += 100) {
    if (t == 5000) slot.publish(AtHostRate(amp(), {.host_rate = 44100, .model_rate = 48000}));
    slot.process({x.data() + t, 100}, {y.data() + t, 100});
  }
  EXPECT_EQ(slot.latency(), alone.latency());
  for (std::size_t t = 5500; t < x.size(); ++t) ASSERT_EQ(y[t], expected[t]) << t;
}

TEST(Resampled, ResetCopyAndMove) {
  const Signal x = noise(3000);
  Resampled<Amp> model(amp(), {.host_rate = 44100, .model_rate = 48000});
  const Signal expected = processed(model, x);
  const Signal later = processed(model, x);
  EXPECT_NE(later, expected);
  model.reset();
  EXPECT_EQ(processed(model, x), expected);

  Resampled<Amp> copy = model;  // with the state
  model.reset();
  EXPECT_EQ(processed(copy, x), later);
  EXPECT_EQ(processed(model, x), expected);
  Resampled<Amp> moved = std::move(model);
  EXPECT_EQ(processed(moved, x), later);
  copy.reset();
  moved = copy;
  EXPECT_EQ(processed(moved, x), expected);
}

TEST(Resampled, OptionsThatDoNotFit) {
  const auto with = [](ResampledOptions options) { Resampled<Through<float>>({}, options); };
  with({.host_rate = 44100, .model_rate = 48000});
  with({.host_rate = 768000, .model_rate = 48000});
  EXPECT_THROW(with({.host_rate = 44100}), std::invalid_argument);
  EXPECT_THROW(with({.model_rate = 44100}), std::invalid_argument);
  EXPECT_THROW(with({.host_rate = NAN, .model_rate = 48000}), std::invalid_argument);
  EXPECT_THROW(with({.host_rate = 44100, .model_rate = -1}), std::invalid_argument);
  EXPECT_THROW(with({.host_rate = 768017, .model_rate = 48000}), std::invalid_argument);
  EXPECT_THROW(with({.host_rate = 44100, .model_rate = 48000, .max_frames = 0}), std::invalid_argument);
}

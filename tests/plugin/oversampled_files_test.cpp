// Trained models of several kinds at a multiple of their sample rate.
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <inlay/plugin/interleaved.hpp>
#include <inlay/plugin/oversampled.hpp>
#include <inlay/run_time.hpp>
#include <span>
#include <utility>
#include <vector>

#include "rates.hpp"
#include "support/paths.hpp"

namespace {

using Model = inlay::Model<float>;

const std::filesystem::path root = std::filesystem::path(inlay_test::folder()) / "..";
const std::filesystem::path files[] = {root / "examples/amp/amp.json",
                                       root / "tests/golden/nam/wavenet_a1_standard.json",
                                       root / "tests/golden/nam/wavenet_a2.json"};

}  // namespace

TEST(OversampledModels, SoundAsTrained) {
  for (const auto& file : files) {
    SCOPED_TRACE(file);
    const Model model = Model::load(file);
    inlay::Oversampled<Model> amp(model, {.factor = 2, .sample_rate = 48000, .quality = inlay::Resampling::best});
    Model alone = model;
    // Soft and low, so that there are hardly any aliases.
    Signal x = sine(220.0 / 48000, 12000);
    for (float& each : x) each *= 0.01f;
    const Signal y = processed(amp, x), expected = processed(alone, x);
    double error = 0, power = 0;
    for (std::size_t t = 6000; t < x.size(); ++t) {
      error += std::pow(double(y[t]) - double(expected[t - amp.latency()]), 2);
      power += std::pow(double(y[t]), 2);
    }
    EXPECT_LT(10 * std::log10(error / power), -60);
  }
}

TEST(InterleavedModels, EveryPhaseIsTheModel) {
  for (const auto& file : files) {
    SCOPED_TRACE(file);
    auto model = Model::load(file);
    Model alone = model;
    inlay::Interleaved<inlay::Model<float>> amp(std::move(model), 2);
    EXPECT_EQ(amp.sample_rate().value_or(96000), 96000);
    const Signal x = noise(5000), y = processed(amp, x, {1, 700, 3, 64});
    for (const std::size_t phase : {0u, 1u}) {
      Signal own(x.size() / 2);
      for (std::size_t t = 0; t < own.size(); ++t) own[t] = x[2 * t + phase];
      alone.reset();
      const Signal expected = processed(alone, own);
      for (std::size_t t = 0; t < own.size(); ++t) ASSERT_EQ(y[2 * t + phase], expected[t]) << phase << ", " << t;
    }
  }
}

TEST(OversampledModels, TheGuide) {
  const auto report_latency = [](std::size_t frames) { EXPECT_EQ(frames, 46u); };
  const Signal x = noise(512);
  Signal y(x.size());
  const float* const in[] = {x.data()};
  float* const out[] = {y.data()};
  const std::size_t frames = x.size();
  {
    auto model = Model::load(files[0]);
    inlay::Interleaved<inlay::Model<float>> amp(std::move(model), 2);
    amp.process(in, out, frames);
  }
  auto model = Model::load(files[0]);
  inlay::Oversampled<inlay::Model<float>> amp(std::move(model), {.factor = 8});
  report_latency(amp.latency());
  amp.process(in, out, frames);
}

// A trained amplifier at another sample rate, with a real guitar.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <inlay/plugin/resampled.hpp>
#include <inlay/run_time.hpp>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "support/guitar.hpp"
#include "support/paths.hpp"

namespace {

const std::filesystem::path amp_folder = std::filesystem::path(inlay_test::folder()) / ".." / "examples" / "amp";

inlay::Model<float> amp() { return inlay::Model<float>::load(amp_folder / "amp.json"); }

/// Half a second of playing, at 48 kHz.
std::vector<float> guitar() {
  const std::vector<float> all = read_wav(amp_folder / "guitar.wav");
  EXPECT_GT(all.size(), 100000u);
  return {all.begin() + 60000, all.begin() + 84000};
}

}  // namespace

TEST(ResampledAmp, SoundsAsAtItsOwnRate) {
  struct Bound {
    inlay::Resampling quality;
    double decibels;
  };
  for (const double host : {44100.0, 96000.0}) {
    const std::vector<float> in = converted_offline(guitar(), 48000, host);
    // The model at its own rate, between exact conversions.
    auto model = amp();
    const std::vector<float> at_48 = converted_offline(in, host, 48000);
    std::vector<float> out_48(at_48.size());
    model.process(std::span(at_48), std::span(out_48));
    const std::vector<float> expected = converted_offline(out_48, 48000, host);

    for (const auto& [quality, bound] : {Bound{inlay::Resampling::low_latency, -68},
                                         {inlay::Resampling::standard, -73},
                                         {inlay::Resampling::best, -80}}) {
      inlay::Resampled<inlay::Model<float>> resampled(amp(), {.host_rate = host, .quality = quality});
      EXPECT_EQ(resampled.model_rate(), 48000);  // of the file
      std::vector<float> out(in.size());
      for (std::size_t done = 0, n = 1; done < in.size(); done += n, n = n * 7 % 1031) {
        n = std::min(n, in.size() - done);
        EXPECT_EQ(resampled.process(std::span(in).subspan(done, n), std::span(out).subspan(done, n)), n);
      }
      for (const float y : out) ASSERT_TRUE(std::isfinite(y));
      // From a quarter of a second on: a recurrent model takes time to forget when it was started.
      EXPECT_LT(error_in_db(out, expected, resampled.latency(), static_cast<std::size_t>(host / 4)), bound)
          << host << " Hz, quality " << static_cast<int>(quality);
    }
  }
}

TEST(ResampledAmp, StereoThroughAMonoModel) {
  const std::vector<float> left = guitar(), right(left.rbegin(), left.rend());
  std::vector<float> out_left(left.size()), out_right(left.size()), alone(left.size());
  const float* const in[] = {left.data(), right.data()};
  float* const out[] = {out_left.data(), out_right.data()};
  using AtHostRate = inlay::Resampled<inlay::Model<float>>;
  inlay::Voices<AtHostRate> stereo(AtHostRate(amp(), {.host_rate = 44100}), 2);
  stereo.process(in, out, left.size(), {});
  inlay::Resampled<inlay::Model<float>> mono(amp(), {.host_rate = 44100});
  mono.process(std::span(left), std::span(alone));
  EXPECT_EQ(out_left, alone);
  mono.reset();
  mono.process(std::span(right), std::span(alone));
  EXPECT_EQ(out_right, alone);
}

// The example of docs/sample-rates.md.
TEST(ResampledAmp, Guide) {
  const std::filesystem::path file = amp_folder / "amp.json";
  const double host_rate = 44100;
  std::size_t reported = 0;
  const auto report_latency = [&](std::size_t frames) { reported = frames; };
  std::vector<float> left = guitar();
  float* const out[] = {left.data()};
  float* const* const in = out;
  const std::size_t frames = left.size();

  auto model = inlay::Model<float>::load(file);
  inlay::Resampled<inlay::Model<float>> amp(std::move(model), {.host_rate = host_rate});
  report_latency(amp.latency());

  amp.process(in, out, frames);

  EXPECT_EQ(reported, 70u);
  EXPECT_NE(left, guitar());
}

TEST(ResampledAmp, CopiesAndResetsKeepTheState) {
  const std::vector<float> in = guitar();
  std::vector<float> first(in.size()), second(in.size()), again(in.size());
  inlay::Resampled<inlay::Model<float>> model(amp(), {.host_rate = 96000});
  model.process(std::span(in), std::span(first));
  inlay::Resampled<inlay::Model<float>> copy = model;
  model.process(std::span(in), std::span(second));
  EXPECT_NE(first, second);
  copy.process(std::span(in), std::span(again));
  EXPECT_EQ(again, second);
  copy.reset();
  copy.process(std::span(in), std::span(again));
  EXPECT_EQ(again, first);
}

TEST(ResampledAmp, ModelsThatChangeTheRateAreRefused) {
  const auto strided = inlay::Model<float>::load(
      std::filesystem::path(inlay_test::folder() + "/golden/torch/conv1d_4_6_k5_s3_d2.f32.json"));
  ASSERT_FALSE(strided.one_to_one());
  EXPECT_THROW(inlay::Resampled<inlay::Model<float>>(strided, {.host_rate = 44100, .model_rate = 48000}),
               std::invalid_argument);
}

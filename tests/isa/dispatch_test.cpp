// Models that are compiled for several instruction sets, with a common interface.
#include <gtest/gtest.h>

#include <cmath>
#include <dispatched/Amp.hpp>
#include <dispatched/Filter.hpp>
#include <filesystem>
#include <inlay/plugin/model_slot.hpp>
#include <inlay/plugin/resampled.hpp>
#include <inlay/run_time.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/paths.hpp"

namespace {

std::filesystem::path golden(const std::string& name) {
  return inlay_test::folder() + "/golden/torch/" + name + ".json";
}

std::vector<float> wave(std::size_t frames) {
  std::vector<float> x(frames);
  for (std::size_t t = 0; t < frames; ++t) x[t] = std::sin(0.1f * float(t));
  return x;
}

}  // namespace

TEST(Dispatched, computes_what_the_model_of_the_file_does) {
  Amp amp;
  const inlay::ModelInfo info = amp.load(golden("lstm20_dense.f32"));
  ASSERT_TRUE(info.check_error);
  auto model = inlay::Model<>::load(golden("lstm20_dense.f32"));
  const std::vector<float> x = wave(300);
  std::vector<float> y(300), expected(300);
  EXPECT_EQ(amp.process(x, y), 300u);
  model.process(x, expected);
  for (std::size_t t = 0; t < x.size(); ++t) ASSERT_NEAR(y[t], expected[t], 1e-5);
  amp.reset();
  for (std::size_t t = 0; t < x.size(); ++t) ASSERT_NEAR(amp.forward(x[t]), expected[t], 1e-5);
}

TEST(Dispatched, runs_on_the_best_that_the_processor_has) {
  const std::string isa(Amp::isa());
  EXPECT_TRUE(inlay::processor_has(isa));
#if defined(__x86_64__)
  if (!std::getenv("INLAY_ISA"))
    for (const char* best : {"avx512", "avx2"})
      if (inlay::processor_has(best)) {
        EXPECT_EQ(isa, best);
        break;
      }
#endif
}

TEST(Dispatched, says_what_it_is) {
  Filter filter;
  EXPECT_EQ(filter.in_size(), 3u);
  EXPECT_EQ(filter.out_size(), 5u);
  EXPECT_EQ(filter.condition_size(), 0u);
  EXPECT_EQ(filter.receptive_field(), 1u);
  EXPECT_EQ(Filter::parameters(), 20u);
  EXPECT_EQ(Amp().receptive_field(), inlay::unbounded);
}

TEST(Dispatched, copies_and_states_are_apart) {
  Amp amp;
  amp.load(golden("lstm20_dense.f32"));
  const float first = amp.forward(0.5f);
  Amp::State state;
  EXPECT_EQ(amp.forward(state, 0.5f), first);
  Amp other = amp;
  EXPECT_EQ(other.forward(0.25f), amp.forward(0.25f));
  amp.reset();
  EXPECT_EQ(amp.forward(0.5f), first);
  EXPECT_NE(other.forward(0.5f), first);
  Amp moved = std::move(other);
  moved.reset();
  EXPECT_EQ(moved.forward(0.5f), first);
  amp = moved;
  amp.reset(state);
  EXPECT_EQ(amp.forward(state, 0.5f), first);
}

TEST(Dispatched, states_are_assigned_in_place) {
  Amp amp;
  amp.load(golden("lstm20_dense.f32"));
  Amp::State voice, copy, moved = std::move(copy);
  for (int i = 0; i < 100; ++i) amp.forward(voice, 0.3f);
  moved = voice;
  copy = voice;  // has been moved from
  const Amp::State& itself = moved;
  moved = itself;
  const float expected = amp.forward(voice, 0.1f);
  EXPECT_EQ(amp.forward(moved, 0.1f), expected);
  EXPECT_EQ(amp.forward(copy, 0.1f), expected);
}

TEST(Dispatched, plays_in_a_slot) {
  Amp amp;
  amp.load(golden("lstm20_dense.f32"));
  inlay::ModelSlot<Amp> slot({.voices = 2});
  slot.publish(amp, {}, 100);
  Amp::State voice;
  for (int i = 0; i < 100; ++i) amp.forward(voice, 0.0f);  // what a signal starts after
  const std::vector<float> in{0.5f, -0.3f, 0.1f};
  std::vector<float> left(3), right(3), expected(3);
  amp.process(voice, in, expected);
  const float* const x[] = {in.data(), in.data()};
  float* const y[] = {left.data(), right.data()};
  for (int i = 0; i < 2; ++i) {
    slot.reset();
    slot.process(x, y, 3);
    EXPECT_EQ(left, expected);
    EXPECT_EQ(right, expected);
  }
  slot.load(golden("lstm20_dense.f32"));
}

TEST(Dispatched, a_file_that_does_not_fit_changes_nothing) {
  Amp amp;
  amp.load(golden("lstm20_dense.f32"));
  const float first = amp.forward(0.5f);
  amp.reset();
  EXPECT_THROW(amp.load(golden("lstm_1_8.f32")), inlay::load_error);
  EXPECT_EQ(amp.forward(0.5f), first);
}

TEST(Dispatched, calls_that_do_not_fit_compute_nothing) {
  Filter filter;
  filter.load(golden("dense_3_5.f64"));
  std::vector<double> in(3, 0.5), out(5), less(4);
  EXPECT_EQ(filter.forward(in, less), 0u);
  EXPECT_EQ(filter.forward(less, out), 0u);
  EXPECT_EQ(filter.forward(0.5), 0.0);
  EXPECT_EQ(filter.process(in, out), 0u);
  EXPECT_EQ(out, std::vector<double>(5));
  EXPECT_EQ(filter.forward(in, out), 1u);
}

TEST(Dispatched, at_another_sample_rate) {
  Amp amp;
  amp.load(golden("lstm20_dense.f32"));
  inlay::Resampled<Amp> resampled(amp, {.host_rate = 44100, .model_rate = 48000});
  inlay::Resampled<inlay::Model<>> expected(inlay::Model<>::load(golden("lstm20_dense.f32")),
                                            {.host_rate = 44100, .model_rate = 48000});
  const std::vector<float> x = wave(500);
  std::vector<float> y(500), z(500);
  EXPECT_EQ(resampled.process(x, y), 500u);
  EXPECT_EQ(expected.process(x, z), 500u);
  for (std::size_t t = 0; t < x.size(); ++t) ASSERT_NEAR(y[t], z[t], 1e-5);
}

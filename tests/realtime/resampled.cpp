/// A model at another sample rate must not allocate, free or lock while it runs.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <inlay/engine.hpp>
#include <inlay/plugin/oversampled.hpp>
#include <inlay/plugin/resampled.hpp>
#include <span>
#include <vector>

#include "realtime/realtime.hpp"

namespace {

using Amp = inlay::ModelT<inlay::AppendCondition<1, 2>, inlay::LSTM<3, 4>, inlay::Dense<4, 1>>;

template <class M>
void expect_real_time(const M& played) {
  inlay::Voices<M> model(played, 3);
  std::vector<float> in(1000), out(3000);
  const std::array<const float*, 3> from{in.data(), in.data(), in.data()};
  const std::array<float*, 3> to{out.data(), out.data() + 1000, out.data() + 2000};
  const std::array<float, 1> value{0.5f};
  const float* const side = in.data();
  for (const std::size_t frames : {1u, 17u, 64u, 100u, 512u, 1000u, 0u, 1u})
    EXPECT_STREQ(
        realtime::check([&] { model.process(from.data(), to.data(), frames, inlay::Condition<float>(&side, value)); }),
        "");
  EXPECT_STREQ(realtime::check([&] { model.reset(); }), "");
  EXPECT_STREQ(realtime::check([&] { static_cast<void>(played.latency()); }), "");
}

}  // namespace

TEST(Realtime, Resampled) {
  for (const double host : {44100.0, 44056.0, 48000.0, 96000.0, 192000.0}) {
    SCOPED_TRACE(host);
    expect_real_time(inlay::Resampled<Amp>({}, {.host_rate = host, .model_rate = 48000, .max_frames = 100}));
  }
}

TEST(Realtime, InterleavedAndOversampled) {
  expect_real_time(inlay::Interleaved<Amp>({}, 3, 100));
  expect_real_time(inlay::Oversampled<Amp>({}, {.factor = 8, .sample_rate = 48000, .max_frames = 100}));
}

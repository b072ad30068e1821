/// What the parts around a model do on the audio thread must not allocate, free, lock or block.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <inlay/engine.hpp>
#include <inlay/plugin/guarded.hpp>
#include <inlay/plugin/model_slot.hpp>
#include <inlay/plugin/smoothed_values.hpp>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "realtime/realtime.hpp"

namespace {

using namespace inlay;  // NOLINT(google-build-using-namespace)
using Net = ModelT<AppendCondition<1, 1>, LSTM<2, 4>, Dense<4, 1>>;

/// A stereo signal with side channel, damaged or not.
struct Signals {
  static constexpr std::size_t frames = 300;
  std::array<std::vector<float>, 3> rows{std::vector<float>(frames), std::vector<float>(frames),
                                         std::vector<float>(frames)};
  std::array<float*, 3> channels{rows[0].data(), rows[1].data(), rows[2].data()};
};

TEST(Realtime, Slots) {
  const auto model = std::make_unique<Net>();
  ModelSlot<Net> slot({.voices = 2, .fade_frames = 500, .history = 1000});
  Signals in, out;
  const float knob = 0.5f;
  const auto play = [&](const char* what) {
    for (int i = 0; i < 8; ++i)
      for (const std::size_t n : {std::size_t{1}, std::size_t{64}, Signals::frames})
        EXPECT_STREQ(realtime::check([&] {
                       slot.process(in.channels.data(), out.channels.data(), n, &in.channels[2]);
                       slot.process(in.channels.data(), out.channels.data(), n, std::span(&knob, 1));
                       slot.process(in.channels.data(), out.channels.data(), n);
                       (void)slot.fading();
                     }),
                     "")
            << what;
    EXPECT_STREQ(realtime::check([&] { slot.reset(); }), "") << what;
  };
  play("empty");
  for (int i = 0; i < 3; ++i) {
    slot.publish(*model, {.in = i == 2 ? 0.5 : 1.0});
    play("exchanged");
    in.rows[0][20] = std::numeric_limits<float>::quiet_NaN();
    play("damaged");
    in.rows[0][20] = 0;
  }
  slot.clear();
  play("cleared");
}

TEST(Realtime, GuardedModelsAndSmoothedValues) {
  Guarded<Net> guarded(Net(), 2);
  SmoothedValues<float> knobs(1, {.max_frames = Signals::frames});
  Signals in, out;
  for (int i = 0; i < 4; ++i) {
    EXPECT_STREQ(realtime::check([&] {
                   knobs.set(0, float(i));
                   guarded.process(in.channels.data(), out.channels.data(), Signals::frames,
                                   knobs.next(Signals::frames));
                   if (i == 2) guarded.reset(), knobs.jump();
                 }),
                 "");
    in.rows[1][7] = i == 0 ? std::numeric_limits<float>::infinity() : 0;
  }
}

}  // namespace

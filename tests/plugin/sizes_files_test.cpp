// A slimmable model changes its size while it plays.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <inlay/plugin/model_slot.hpp>
#include <inlay/run_time.hpp>
#include <span>
#include <vector>

#include "rates.hpp"
#include "support/paths.hpp"

TEST(Sizes, ChangeWithoutAClick) {
  using Model = inlay::Model<float>;
  const std::filesystem::path file = std::filesystem::path(inlay_test::folder()) / "unit" / "nam" / "slimmable.nam";
  const auto at = [&](double size) { return Model::load(file, {.size = size}); };
  constexpr std::size_t frames = 16000, call = 64, fade = 1024;
  const Signal x = noise(frames);
  Model large = at(1), small = at(0);
  const Signal of_large = processed(large, x), of_small = processed(small, x);
  ASSERT_NE(of_large, of_small);

  inlay::ModelSlot<Model> slot({.fade_frames = fade});
  slot.publish(at(1));
  const float quality = 0;
  Signal y(frames);
  std::size_t same_as_large = 2 * fade;  // the first model fades in as well
  for (std::size_t t = 0; t < frames; t += call) {
    if (t == 6400) slot.publish(Model::load(file, {.size = quality}));
    const float* const in = x.data() + t;
    float* const out = y.data() + t;
    slot.process(&in, &out, call);
  }
  while (same_as_large < frames && y[same_as_large] == of_large[same_as_large]) ++same_as_large;
  EXPECT_GE(same_as_large, 6400u);
  EXPECT_LT(same_as_large, 6400u + 4 * fade);
  for (std::size_t t = same_as_large; t < frames; ++t) {
    const auto [least, most] = std::minmax(of_large[t], of_small[t]);
    ASSERT_GE(y[t], least - 1e-5f) << t;
    ASSERT_LE(y[t], most + 1e-5f) << t;
    if (t >= same_as_large + fade) {
      ASSERT_EQ(y[t], of_small[t]) << t;
    }
  }
}

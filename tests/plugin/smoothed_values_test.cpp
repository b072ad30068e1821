// Knobs move in straight lines, whatever the lengths of the calls.
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <inlay/plugin/smoothed_values.hpp>
#include <limits>
#include <vector>

namespace {

using inlay::SmoothedValues;

std::vector<float> take(SmoothedValues<float>& values, std::size_t i, std::size_t frames, std::size_t length) {
  std::vector<float> all;
  while (all.size() < frames) {
    const float* const part = values.next(length)[i];
    all.insert(all.end(), part, part + length);
  }
  return all;
}

TEST(SmoothedValues, GoInAStraightLine) {
  for (const std::size_t length : {1u, 5u, 40u, 200u}) {
    SmoothedValues<float> values(2, {.ramp_frames = 100, .max_frames = 200});
    EXPECT_EQ(take(values, 0, 200, length), std::vector<float>(200));
    values.set(1, 2);
    EXPECT_EQ(values.target(1), 2);
    const auto ramp = take(values, 1, 200, length);
    for (std::size_t t = 0; t < 200; ++t) ASSERT_NEAR(ramp[t], std::min(1.0, double(t + 1) / 100) * 2, 1e-6) << t;
    for (std::size_t t = 99; t < 200; ++t) ASSERT_EQ(ramp[t], 2);
    EXPECT_EQ(values.next(1)[0][0], 0) << "the other value does not move";
  }
}

TEST(SmoothedValues, DoNotDependOnTheLengthsOfCalls) {
  SmoothedValues<float> whole(1, {.ramp_frames = 77}), cut(1, {.ramp_frames = 77});
  whole.set(0, 0.3f), cut.set(0, 0.3f);
  EXPECT_EQ(take(whole, 0, 60, 60), take(cut, 0, 60, 3));
  whole.set(0, -1), cut.set(0, -1);  // in the middle of the ramp
  const auto a = take(whole, 0, 120, 120), b = take(cut, 0, 120, 10);
  EXPECT_EQ(a, b);
  EXPECT_NEAR(a[0], 0.3 * 60 / 77, 0.03);
  EXPECT_EQ(a[76], -1);
}

TEST(SmoothedValues, JumpAndIgnoreWhatIsNoNumber) {
  SmoothedValues<float> values(1, {.ramp_frames = 100});
  values.set(0, 5);
  values.jump();
  EXPECT_EQ(values.next(1)[0][0], 5);
  values.set(0, std::numeric_limits<float>::quiet_NaN());
  values.set(0, std::numeric_limits<float>::infinity());
  EXPECT_EQ(values.target(0), 5);
  EXPECT_EQ(values.next(1)[0][0], 5);
  SmoothedValues<float> at_once(1, {.ramp_frames = 0});
  at_once.set(0, 1);
  EXPECT_EQ(at_once.next(1)[0][0], 1);
}

}  // namespace

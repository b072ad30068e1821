/// Tests that the detector detects violations.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>

#include "realtime/realtime.hpp"

namespace {

void expect_violation(const char* message, const std::function<void()>& code) {
  if (realtime::violations_are_fatal) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(realtime::check(code), "unsafe function");
  } else {
    EXPECT_STREQ(realtime::check(code), message);
  }
}

TEST(RealtimeCheck, CatchesAllocation) {
  std::unique_ptr<int> p;
  expect_violation("allocates", [&] { p.reset(new int(1)); });
}

TEST(RealtimeCheck, CatchesOveralignedAllocation) {
  struct alignas(128) Aligned {};
  std::unique_ptr<Aligned> p;
  expect_violation("allocates", [&] { p = std::make_unique<Aligned>(); });
}

TEST(RealtimeCheck, CatchesDeallocation) {
  auto p = std::make_unique<int>(1);
  expect_violation("frees", [&] { p.reset(); });
}

TEST(RealtimeCheck, CatchesLock) {
  std::mutex mutex;
  expect_violation("locks", [&] { std::lock_guard lock(mutex); });
}

TEST(RealtimeCheck, LetsArithmeticPass) {
  volatile float x = 1;
  EXPECT_STREQ(realtime::check([&] { x = x * 2; }), "");
}

}  // namespace

// Threads that exchange the model as fast as they can while the audio thread plays. ThreadSanitizer sees races.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <inlay/engine.hpp>
#include <inlay/plugin/model_slot.hpp>
#include <inlay/plugin/smoothed_values.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "plugin/numbers.hpp"

namespace {

using namespace inlay;  // NOLINT(google-build-using-namespace)
using Net = ModelT<Conv1D<1, 2, 3, 4>, LSTM<2, 4>, Dense<4, 1>>;

double seconds() {
  const char* const text = std::getenv("INLAY_STORM_SECONDS");
  return text ? std::atof(text) : 1;
}

TEST(ModelSlotStorm, ExchangesWhileItPlays) {
  ModelSlot<Net> slot({.voices = 2, .fade_frames = 256, .history = 1024});
  SmoothedValues<float> level(1, {.max_frames = 512});
  std::atomic<bool> done{false};
  std::atomic<int> published{0}, faded{0};

  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 3; ++i)
    threads.emplace_back([&, i] {
      const auto model = std::make_unique<Net>();
      for (unsigned n = 0; !done; ++n) {
        plugin_test::fill(*model, 1000 * i + n);
        if (n % 7 == 6) slot.clear();
        else slot.publish(*model, {.in = n % 3 == 0 ? 1.0 : 0.5});
        level.set(0, float(n % 10) / 10);
        if (n % 5 == 0) slot.collect();
        EXPECT_EQ(slot.repairs(), 0u);
        EXPECT_EQ(slot.latency(), 0u);
        ++published;
        std::this_thread::sleep_for(std::chrono::microseconds(200 * i));
      }
    });
  threads.emplace_back([&] {  // the audio thread
    const auto in = plugin_test::signal<float>(512);
    std::vector<float> left(512), right(512);
    const std::size_t lengths[] = {64, 1, 512, 17, 100};
    bool fading = false;
    for (std::size_t call = 0; !done; ++call) {
      const float* const x[] = {in.data(), in.data()};
      float* const y[] = {left.data(), right.data()};
      const std::size_t n = lengths[call % 5];
      slot.process(x, y, n);
      const float* const gain = level.next(n)[0];
      for (std::size_t t = 0; t < n; ++t) {
        ASSERT_LT(std::abs(left[t] * gain[t]), 10);
        ASSERT_EQ(left[t], right[t]);
      }
      if (call % 1000 == 999) slot.reset();
      if (fading && !slot.fading()) ++faded;
      fading = slot.fading();
    }
  });
  // Emulators take longer for the fades.
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds()));
  for (int more = 0; faded <= 2 && more < 2000; ++more) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(published, 10);
  EXPECT_GT(faded, 2);
}

}  // namespace

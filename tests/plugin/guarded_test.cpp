// A damaged signal does not outlive its samples, and an undamaged one is not touched.
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <inlay/core/all_within.hpp>
#include <inlay/engine.hpp>
#include <inlay/plugin/guarded.hpp>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "plugin/numbers.hpp"

namespace {

using namespace inlay;  // NOLINT(google-build-using-namespace)
using plugin_test::fill;
using plugin_test::signal;

template <class T>
const std::vector<T> poison{std::numeric_limits<T>::quiet_NaN(),
                            -std::numeric_limits<T>::quiet_NaN(),
                            std::numeric_limits<T>::infinity(),
                            -std::numeric_limits<T>::infinity(),
                            T(1e30),
                            T(-1e30)};

template <class T>
void expect_all_within() {
  for (std::size_t size = 0; size < 70; ++size) {
    std::vector<T> x(size, T(-2));
    EXPECT_TRUE(internal::all_within<T>(x, 2));
    for (std::size_t i = 0; i < size; ++i) {
      for (const T bad : poison<T>) {
        x[i] = bad;
        EXPECT_FALSE(internal::all_within<T>(x, 2)) << size << ' ' << i << ' ' << bad;
        EXPECT_EQ(internal::all_finite<T>(x), std::isfinite(bad));
      }
      x[i] = std::nextafter(T(2), T(3));
      EXPECT_FALSE(internal::all_within<T>(x, 2));
      x[i] = std::numeric_limits<T>::denorm_min();
      EXPECT_TRUE(internal::all_within<T>(x, 2));
      x[i] = T(-0.0);
    }
    EXPECT_TRUE(internal::all_within<T>(x, 0));
  }
}

TEST(AllWithin, FindsEachValue) {
  expect_all_within<float>();
  expect_all_within<double>();
}

template <class M>
std::vector<typename M::scalar> run(M& model, const std::vector<typename M::scalar>& in, std::size_t length) {
  using T = typename M::scalar;
  std::vector<T> out(in.size());
  for (std::size_t t = 0; t < in.size(); t += length) {
    const T* const x = in.data() + t;
    T* const y = out.data() + t;
    model.process(&x, &y, std::min(length, in.size() - t));
  }
  return out;
}

/// Signals with one damaged sample, through a recurrent network that would keep it for ever.
template <class Layer>
void expect_recovery() {
  using M = ModelT<Layer, Dense<Layer::out_size, 1, typename Layer::backend>>;
  using T = typename M::scalar;
  const auto model = std::make_unique<M>();
  fill(*model, 5);
  const std::vector<T> in = signal<T>(6000);
  Guarded<M> guarded(*model);
  std::vector<T> zeroed = in;
  zeroed[1000] = 0;
  const std::vector<T> expected = run(guarded, zeroed, 6000);
  EXPECT_EQ(guarded.repairs(), 0u);
  for (const T bad : poison<T>)
    for (const std::size_t length : {1u, 7u, 64u, 1000u, 6000u}) {
      std::vector<T> damaged = in;
      damaged[1000] = bad;
      guarded.reset();
      EXPECT_EQ(run(guarded, damaged, length), expected) << bad << ", calls of " << length;
    }
  EXPECT_GT(guarded.repairs(), 0u);

  std::vector<T> damaged = in;
  damaged[1000] = poison<T>[0];
  Guarded<M> off(*model, 1, {.limit = std::numeric_limits<double>::infinity()});
  EXPECT_TRUE(std::isnan(run(off, damaged, 64).back())) << "the test would see nothing";
}

TEST(Guarded, RecurrentLayersRecover) {
  expect_recovery<LSTM<1, 8>>();
  expect_recovery<GRU<1, 8>>();
  expect_recovery<RNN<1, 8>>();
  expect_recovery<LSTM<1, 3, LoopBackend<double>>>();
  expect_recovery<RateCorrected<GRU<1, 5>>>();
}

TEST(Guarded, SideChannelsAndOtherVoicesAreIntact) {
  using M = ModelT<AppendCondition<1, 2>, LSTM<3, 4>, Dense<4, 1>>;
  const auto model = std::make_unique<M>();
  fill(*model, 9);
  constexpr std::size_t frames = 200;
  const auto left = signal<float>(frames), right = signal<float>(frames, 1), side = signal<float>(frames, 2);
  const auto process = [&](Guarded<M>& guarded, std::vector<float> x, std::vector<float> s, float knob) {
    std::vector<float> a(frames), b(frames);
    const float* const in[] = {x.data(), right.data()};
    float* const out[] = {a.data(), b.data()};
    const float* const signals = s.data();
    guarded.process(in, out, frames, Condition<float>(&signals, {&knob, 1}));
    return std::pair(a, b);
  };
  Guarded<M> guarded(*model, 2);
  auto without = left;
  without[50] = 0;
  const auto expected = process(guarded, without, side, 0.5f);
  for (const float bad : poison<float>) {
    auto damaged = left;
    damaged[50] = bad;
    guarded.reset();
    EXPECT_EQ(process(guarded, damaged, side, 0.5f), expected);
  }
  auto silent = side;
  silent[70] = 0;
  guarded.reset();
  const auto with_silence = process(guarded, left, silent, 0);
  for (const float bad : {poison<float>[0], poison<float>[2], poison<float>[4]}) {
    auto damaged = side;
    damaged[70] = bad;
    guarded.reset();
    EXPECT_EQ(process(guarded, left, damaged, bad), with_silence);
  }
  // A side channel in Hz is no damage.
  const std::uint64_t repairs = guarded.repairs();
  process(guarded, left, std::vector<float>(frames, 20000.0f), 20000);
  EXPECT_EQ(guarded.repairs(), repairs);
}

/// Gives NaN as an output for an input above 2, and counts frames in its state.
struct Unstable {
  using scalar = float;
  struct State {
    float frames = 0;
  };
  static constexpr std::size_t in_size = 1, out_size = 1, condition_size = 0;
  static constexpr Rate rate{};
  static constexpr std::size_t latency() { return 0; }
  void reset(State& state) const noexcept { state.frames = 0; }
  void process(State& state, const float* const* in, float* const* out, std::size_t frames,
               Condition<float>) const noexcept {
    for (std::size_t t = 0; t < frames; ++t)
      out[0][t] = in[0][t] > 2 ? std::numeric_limits<float>::quiet_NaN() : ++state.frames;
  }
};

TEST(Guarded, AVoiceThatFailsStartsAgain) {
  Guarded<Unstable> guarded(Unstable{}, 2);
  std::vector<float> in(10), left(10), right(10);
  const float* x[] = {in.data(), in.data()};
  float* const y[] = {left.data(), right.data()};
  guarded.process(x, y, 10);
  EXPECT_EQ(left.back(), 10);
  std::vector<float> loud(10);
  loud[4] = 3;
  x[0] = loud.data();
  guarded.process(x, y, 10);
  EXPECT_EQ(left, std::vector<float>(10));
  EXPECT_EQ(right.back(), 20);
  x[0] = in.data();
  guarded.process(x, y, 10);
  EXPECT_EQ(left.back(), 10);
  EXPECT_EQ(right.back(), 30);
  EXPECT_EQ(guarded.repairs(), 1u);
}

}  // namespace

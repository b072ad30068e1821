// A slot plays the bits of its model, and what happens during an exchange is computed here a second time.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <inlay/engine.hpp>
#include <inlay/plugin/model_slot.hpp>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "plugin/numbers.hpp"

namespace {

using namespace inlay;  // NOLINT(google-build-using-namespace)
using plugin_test::cuts;
using plugin_test::fill;
using plugin_test::signal;

using Recurrent = ModelT<LSTM<1, 8>, Dense<8, 1>>;
using Convolutional = ModelT<Conv1D<1, 4, 3, 50>, Tanh<4>, Conv1D<4, 1, 5, 200>>;
using Conditioned = ModelT<AppendCondition<1, 2>, GRU<3, 8>, Dense<8, 1>>;

template <class M>
std::unique_ptr<M> model(unsigned seed, double scale = 1) {
  auto m = std::make_unique<M>();
  fill(*m, seed, scale);
  return m;
}

/// What a model gives that plays from the start.
template <class M, class T>
std::vector<T> alone(const M& m, const std::vector<T>& in, Condition<T> condition = {}) {
  std::vector<T> out(in.size());
  const auto state = std::make_unique<typename M::State>();
  m.reset(*state);
  m.process(*state, in, out, condition);
  return out;
}

/// Plays a mono signal through a slot. `before` is called before each call, with the frame at which it begins.
template <class Slot, class Before, class T>
std::vector<T> play(Slot& slot, const std::vector<T>& in, const std::vector<std::size_t>& lengths, Before before,
                    bool in_place = false) {
  std::vector<T> out = in;
  std::vector<T> copy = in;
  for (std::size_t done = 0, i = 0; done < in.size(); ++i) {
    before(done);
    const std::size_t n = std::min(lengths[i % lengths.size()], in.size() - done);
    const T* const from = in_place ? out.data() + done : copy.data() + done;
    T* const to = out.data() + done;
    slot.process(&from, &to, n);
    done += n;
  }
  return out;
}

template <class T>
void expect_same(const std::vector<T>& a, const std::vector<T>& b, std::size_t from = 0,
                 std::size_t to = ~std::size_t{0}) {
  for (std::size_t t = from; t < std::min(to, a.size()); ++t)
    ASSERT_EQ(std::memcmp(&a[t], &b[t], sizeof(T)), 0) << "frame " << t << ": " << a[t] << " and " << b[t];
}

template <class M>
void expect_exchange(std::size_t fade, const std::vector<std::size_t>& lengths, bool in_place) {
  using T = typename M::scalar;
  SCOPED_TRACE("calls of " + std::to_string(lengths.front()));
  const auto first = model<M>(1, 2), second = model<M>(77, 2);
  const std::vector<T> in = signal<T>(12000);
  const std::vector<T> a = alone(*first, in), b = alone(*second, in);
  ModelSlot<M> slot({.fade_frames = fade, .history = 8192});
  slot.publish(*first);
  // The first model fades in at the start; it is all there after that.
  std::size_t begin = 0;
  const auto out = play(
      slot, in, lengths,
      [&](std::size_t frame) {
        if (frame < 5000 || begin != 0) return;
        begin = frame;
        slot.publish(*second);
      },
      in_place);
  EXPECT_FALSE(slot.fading());
  expect_same(out, a, fade, begin);
  for (std::size_t t = 0; t < fade; ++t) {
    const T gain = T(0.5 - 0.5 * std::cos(std::numbers::pi / double(fade + 1) * double(t + 1)));
    const T passed = in[t];
    ASSERT_EQ(out[t], (T(1) - gain) * passed + gain * a[t]) << "frame " << t;
    ASSERT_EQ(out[begin + t], (T(1) - gain) * a[begin + t] + gain * b[begin + t]) << "frame " << begin + t;
  }
  expect_same(out, b, begin + fade);
}

TEST(ModelSlot, FadesFromOneModelToTheOther) {
  for (const auto& lengths : cuts)
    for (const bool in_place : {false, true}) {
      expect_exchange<Recurrent>(700, lengths, in_place);
      expect_exchange<Convolutional>(700, lengths, in_place);
    }
  expect_exchange<Recurrent>(1, {64}, false);
}

/// The second model waits until the first has faded in, and then hears what it has missed.
template <class M>
void expect_waits(std::size_t fade, std::size_t history, const std::vector<std::size_t>& lengths) {
  SCOPED_TRACE("fade of " + std::to_string(fade) + ", calls of " + std::to_string(lengths.front()));
  const auto first = model<M>(1, 2), second = model<M>(77, 2);
  const std::vector<float> in = signal<float>(4 * fade + 30000);
  const std::vector<float> a = alone(*first, in), b = alone(*second, in);
  ModelSlot<M> slot({.fade_frames = fade, .history = history});
  slot.publish(*first);
  bool published = false;
  const auto out = play(slot, in, lengths, [&](std::size_t frame) {
    if (frame > 0 && !published) slot.publish(*second), published = true;
  });
  expect_same(out, b, 3 * fade + 25000);
  if (fade > 1000) return;   // the first frames of such a fade are those of the first model
  std::size_t begin = fade;  // of the second fade
  while (begin < out.size() && out[begin] == a[begin]) ++begin;
  for (std::size_t t = 0; t < fade; ++t) {
    const float gain = float(0.5 - 0.5 * std::cos(std::numbers::pi / double(fade + 1) * double(t + 1)));
    ASSERT_EQ(out[begin + t], (1 - gain) * a[begin + t] + gain * b[begin + t]) << "frame " << begin + t;
  }
  expect_same(out, b, begin + fade);
}

TEST(ModelSlot, AModelThatWaitsHearsWhatItMisses) {
  for (const auto& lengths : cuts) expect_waits<Recurrent>(700, 8192, lengths);
  // It waits for so long that the signal is not all there any more. A network with a short receptive field needs less.
  expect_waits<Convolutional>(70000, 1000, {64});
}

TEST(ModelSlot, HasNoClick) {
  const auto first = model<Recurrent>(1, 4), second = model<Recurrent>(77, 4);
  const auto in = signal<float>(20000);
  const auto a = alone(*first, in), b = alone(*second, in);
  constexpr std::size_t fade = 1000;
  ModelSlot<Recurrent> slot({.fade_frames = fade, .empty = EmptySlot::silent});
  slot.publish(*first);
  const auto out = play(slot, in, {64}, [&](std::size_t frame) {
    if (frame == 64 * 100) slot.publish(*second);
    if (frame == 64 * 200) slot.clear();
  });
  const auto step = [](const std::vector<float>& x, std::size_t t) {
    return t == 0 ? std::abs(x[0]) : std::abs(x[t] - x[t - 1]);
  };
  float largest = 0, apart = 0;
  for (std::size_t t = 1; t < in.size(); ++t) {
    largest = std::max({largest, step(a, t), step(b, t)});
    apart = std::max({apart, std::abs(a[t]), std::abs(b[t]), std::abs(a[t] - b[t])});
  }
  const float of_fade = std::numbers::pi_v<float> / 2 / fade * apart;  // the steepest part of the cosine
  ASSERT_GT(largest, 0);
  for (std::size_t t = 0; t < out.size(); ++t) ASSERT_LE(step(out, t), largest + of_fade) << "frame " << t;
}

TEST(ModelSlot, StereoIsTwoMonoSignals) {
  const auto first = model<Recurrent>(1), second = model<Recurrent>(2);
  const std::vector<float> left = signal<float>(6000), right = signal<float>(6000, 2);
  ModelSlot<Recurrent> stereo({.voices = 2, .fade_frames = 300}), mono({.fade_frames = 300}),
      other({.fade_frames = 300});
  std::vector<float> out_left(6000), out_right(6000), alone_left(6000), alone_right(6000);
  for (ModelSlot<Recurrent>* slot : {&stereo, &mono, &other}) slot->publish(*first);
  for (std::size_t t = 0; t < 6000; t += 100) {
    if (t == 3000)
      for (ModelSlot<Recurrent>* slot : {&stereo, &mono, &other}) slot->publish(*second);
    const float* in[] = {left.data() + t, right.data() + t};
    float* out[] = {out_left.data() + t, out_right.data() + t};
    stereo.process(in, out, 100);
    mono.process({in[0], 100}, {alone_left.data() + t, 100});
    other.process({in[1], 100}, {alone_right.data() + t, 100});
  }
  expect_same(out_left, alone_left);
  expect_same(out_right, alone_right);
}

TEST(ModelSlot, PassesSideChannelsOn) {
  const auto first = model<Conditioned>(1), second = model<Conditioned>(2);
  const auto in = signal<float>(8000), side = signal<float>(8000, 1);
  const float knob = 0.3f;
  const std::vector<float> constant(in.size(), knob);
  const float* const signals[] = {side.data(), constant.data()};
  const auto a = alone(*first, in, Condition<float>(signals)), b = alone(*second, in, Condition<float>(signals));
  ModelSlot<Conditioned> slot({.fade_frames = 200});
  slot.publish(*first);
  std::vector<float> out(in.size());
  for (std::size_t t = 0; t < in.size(); t += 50) {
    if (t == 4000) slot.publish(*second);
    const float* const from = side.data() + t;
    const float* const x = in.data() + t;
    float* const y = out.data() + t;
    slot.process(&x, &y, 50, Condition<float>(&from, {&knob, 1}));  // a signal, then a value
  }
  expect_same(out, a, 200, 4000);
  expect_same(out, b, 4200);
}

TEST(ModelSlot, PassesItsInputUntilItHasAModel) {
  const auto in = signal<float>(500);
  ModelSlot<Recurrent> passes, silent({.empty = EmptySlot::silent});
  expect_same(play(passes, in, {64}, [](std::size_t) {}), in);
  expect_same(play(silent, in, {64}, [](std::size_t) {}), std::vector<float>(500));
}

/// A model whose copies are counted, with any numbers of channels.
struct Counted {
  using scalar = float;
  struct State {};
  static inline std::atomic<int> alive{0};
  std::size_t ins = 1, outs = 1, sides = 0, late = 0;
  float gain = 1;

  explicit Counted(float g = 1) : gain(g) { ++alive; }
  Counted(const Counted& o) : ins(o.ins), outs(o.outs), sides(o.sides), late(o.late), gain(o.gain) { ++alive; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }
  std::size_t in_size() const { return ins; }
  std::size_t out_size() const { return outs; }
  std::size_t condition_size() const { return sides; }
  Rate rate() const { return {}; }
  bool one_to_one() const { return true; }
  std::size_t receptive_field() const { return 1; }
  std::size_t latency() const { return late; }
  void reset(State&) const noexcept {}
  void process(State&, const float* const* in, float* const* out, std::size_t frames,
               Condition<float> side) const noexcept {
    EXPECT_LE(side.values.size(), sides);
    for (std::size_t c = 0; c < outs; ++c)
      for (std::size_t t = 0; t < frames; ++t)
        out[c][t] = gain * in[std::min(c, ins - 1)][t] + (side.values.empty() ? 0 : side.values[0]);
  }
};

/// Three voices whose outputs have the memory of the inputs of other voices.
void expect_in_place(std::size_t ins, std::size_t outs, bool empty) {
  SCOPED_TRACE(std::to_string(ins) + " to " + std::to_string(outs) + (empty ? ", empty" : ""));
  constexpr std::size_t voices = 3;
  ModelSlot<Counted> slot({.in = ins, .out = outs, .voices = voices});
  if (!empty) {
    Counted model;
    model.ins = ins, model.outs = outs;
    slot.publish(std::move(model));
    slot.reset();
  }
  std::vector<std::vector<float>> signals;
  std::vector<float*> channels;
  for (std::size_t c = 0; c < voices * std::max(ins, outs); ++c) signals.emplace_back(10, float(c + 1));
  for (std::vector<float>& each : signals) channels.push_back(each.data());
  slot.process(channels.data(), channels.data(), 10);
  for (std::size_t v = 0; v < voices; ++v)
    for (std::size_t c = 0; c < outs; ++c) {
      const float expected = c < ins ? float(v * ins + c + 1) : empty ? 0.0f : float(v * ins + ins);
      EXPECT_EQ(signals[v * outs + c], std::vector<float>(10, expected)) << "voice " << v << ", channel " << c;
    }
}

TEST(ModelSlot, PlaysInPlace) {
  for (const bool empty : {false, true})
    for (const std::size_t ins : {1u, 2u, 3u})
      for (const std::size_t outs : {1u, 2u, 3u}) expect_in_place(ins, outs, empty);
}

TEST(ModelSlot, PlaysTheLastOfSeveral) {
  {
    ModelSlot<Counted> slot({.fade_frames = 100});
    const std::vector<float> in(1000, 1.0f);
    for (float gain = 1; gain <= 5; ++gain) slot.publish(Counted(gain));
    EXPECT_EQ(Counted::alive, 1) << "the others have never been heard, and are freed";
    auto out = play(slot, in, {50}, [&](std::size_t frame) {
      if (frame == 500)
        for (float gain = 10; gain <= 12; ++gain) slot.publish(Counted(gain));
      if (frame == 550)  // during the fade
        for (float gain = 20; gain <= 22; ++gain) slot.publish(Counted(gain));
    });
    EXPECT_EQ(out[499], 5);
    EXPECT_EQ(out[649], 12) << "the fade is over, and the next model hears what it has missed";
    EXPECT_FLOAT_EQ(out[650], 12 + (22 - 12) * (0.5f - 0.5f * std::cos(std::numbers::pi_v<float> / 101)));
    EXPECT_EQ(out.back(), 22);
    EXPECT_EQ(Counted::alive, 3) << "one that plays, and two that are done";
    slot.collect();
    EXPECT_EQ(Counted::alive, 1);
    slot.clear();
    play(slot, in, {50}, [](std::size_t) {});
    slot.collect();
    EXPECT_EQ(Counted::alive, 0);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(ModelSlot, HasNothingOfTheOldModelAfterTheFade) {
  ModelSlot<Counted> slot({.fade_frames = 100, .guard = {.limit = std::numeric_limits<double>::infinity()}});
  const std::vector<float> in(256, 1.0f);
  std::vector<float> out(256);
  slot.publish(Counted(std::numeric_limits<float>::quiet_NaN()));
  slot.reset();
  slot.process(in, out);
  ASSERT_TRUE(std::isnan(out.back())) << "the test would see nothing";
  slot.publish(Counted(2));
  slot.process(in, out);  // in which the fade ends
  EXPECT_TRUE(std::isnan(out[99]));
  expect_same(out, std::vector<float>(256, 2.0f), 100);
}

TEST(ModelSlot, AppliesGains) {
  const auto m = model<Recurrent>(3);
  auto in = signal<float>(3000);
  ModelSlot<Recurrent> slot({.fade_frames = 10});
  slot.publish(*m, {.in = 0.5, .out = 3});
  const auto out = play(slot, in, {300, 1, 17}, [](std::size_t) {}, true);
  for (float& x : in) x *= 0.5f;
  auto expected = alone(*m, in);
  for (float& y : expected) y *= 3;
  expect_same(out, expected, 10);
}

TEST(ModelSlot, StartsTypesAfterTheirSilence) {
  const auto m = model<Recurrent>(3, 3);
  const auto in = signal<float>(1000);
  std::vector<float> whole(200);
  whole.insert(whole.end(), in.begin(), in.end());
  auto expected = alone(*m, whole);
  expected.erase(expected.begin(), expected.begin() + 200);
  ModelSlot<Recurrent> slot({.fade_frames = 1});
  slot.publish(*m, {}, 200);
  play(slot, in, {64}, [](std::size_t) {});  // fades in
  for (int i = 0; i < 2; ++i) {
    slot.reset();
    expect_same(play(slot, in, {64}, [](std::size_t) {}), expected);
  }
}

TEST(ModelSlot, ResetStartsTheLastModelAtOnce) {
  const auto first = model<Recurrent>(1, 3), second = model<Recurrent>(2, 3), third = model<Recurrent>(3, 3);
  const auto in = signal<float>(2000), some = signal<float>(200, 3);
  ModelSlot<Recurrent> slot({.fade_frames = 400});
  slot.publish(*first);
  slot.reset();
  expect_same(play(slot, in, {64}, [](std::size_t) {}), alone(*first, in));
  slot.publish(*second);
  play(slot, some, {64}, [](std::size_t) {});  // half of the fade
  ASSERT_TRUE(slot.fading());
  slot.publish(*third);  // waits
  slot.reset();
  EXPECT_FALSE(slot.fading());
  expect_same(play(slot, in, {64}, [](std::size_t) {}), alone(*third, in));
}

TEST(ModelSlot, GivesModelsTheSideChannelsThatTheyHave) {
  ModelSlot<Counted> slot({.condition = 3, .fade_frames = 1});
  Counted with_one;
  with_one.sides = 1;
  slot.publish(std::move(with_one));
  const std::vector<float> in(200), values{0.25f, 0.5f, 0.75f};
  std::vector<float> out(200);
  for (int i = 0; i < 3; ++i) slot.process(in, out, std::span<const float>(values));
  EXPECT_EQ(out.back(), 0.25f);
  slot.process(in, out);  // fewer than promised: zeros
  EXPECT_EQ(out.back(), 0.0f);
  const std::vector<float> many(7, 2.0f);
  slot.process(in, out, std::span<const float>(many));
  EXPECT_EQ(out.back(), 2.0f);
}

/// A model and a state that are each larger than a stack.
struct Large {
  using scalar = float;
  using Room = std::array<char, std::size_t{1} << 24>;
  struct State {
    Room past{};
  };
  static constexpr std::size_t in_size = 1, out_size = 1, condition_size = 0, receptive_field = 1;
  static constexpr Rate rate{};
  static constexpr bool one_to_one = true;
  static constexpr std::size_t latency() { return 0; }
  Room weights{};
  void reset(State& state) const noexcept { state.past[0] = 0; }
  void process(State& state, const float* const*, float* const* out, std::size_t frames,
               Condition<float>) const noexcept {
    std::fill_n(out[0], frames, float(++state.past[0] + weights[0]));
  }
};

TEST(ModelSlot, PlaysModelsThatAreLargerThanTheStack) {
  const auto model = std::make_unique<Large>();
  model->weights[0] = 5;
  ModelSlot<Large> slot;
  slot.publish(*model, {}, 10);
  slot.publish(std::move(*model), {}, 10);
  slot.reset();
  const std::vector<float> in(10);
  std::vector<float> out(10);
  slot.process(in, out);
  EXPECT_EQ(out[0], 5 + 2);  // the first call was that of the silence
}

/// Without voices, nothing is played.
TEST(ModelSlot, CanHaveNoVoices) {
  ModelSlot<Recurrent> slot({.voices = 0});
  slot.publish(*model<Recurrent>(1), {}, 10);
  slot.reset();
  slot.process(nullptr, nullptr, 10);
  EXPECT_EQ(slot.repairs(), 0u);
}

TEST(ModelSlot, HasNoDenormals) {
  ModelSlot<Counted> slot({.fade_frames = 1});
  slot.publish(Counted(1e-3f));
  const std::vector<float> in(200, 1e-37f);
  std::vector<float> out(200, 1.0f);
  const volatile float small = 1e-37f;
  for (int i = 0; i < 3; ++i) slot.process(in, out);
#if defined(__SSE__) || defined(__aarch64__) || (defined(__arm__) && defined(__ARM_FP))
  EXPECT_EQ(out, std::vector<float>(200));
#endif
  EXPECT_NE(small * 1e-3f, 0.0f) << "the setting of the thread is back";
}

TEST(ModelSlot, RefusesWhatDoesNotFit) {
  ModelSlot<Counted> slot({.in = 1, .out = 2, .condition = 1, .fade_frames = 1});
  const auto expect = [&](const char* message, std::size_t in, std::size_t out, std::size_t side) {
    Counted wrong(9);
    wrong.ins = in, wrong.outs = out, wrong.sides = side;
    try {
      slot.publish(std::move(wrong));
      FAIL() << message;
    } catch (const load_error& error) {
      EXPECT_STREQ(error.what(), message);
    }
  };
  Counted right(3);
  right.outs = 2, right.late = 7;
  slot.publish(std::move(right));
  expect("model: expected 1 input channels, found 2", 2, 2, 0);
  expect("model: expected 2 output channels, found 1", 1, 1, 0);
  expect("model: expected 1 side channels at most, found 2", 1, 2, 2);
  EXPECT_EQ(slot.latency(), 7u);
  const std::vector<float> in(50, 1.0f);
  std::vector<float> left(50), right_out(50);
  const float* const x = in.data();
  float* const y[] = {left.data(), right_out.data()};
  for (int i = 0; i < 3; ++i) slot.process(&x, y, 50);
  EXPECT_EQ(left.back(), 3);
  EXPECT_EQ(right_out.back(), 3);
}

TEST(ModelSlot, RepairsADamagedSignal) {
  const auto m = model<Recurrent>(1);
  auto in = signal<float>(40000);
  ModelSlot<Recurrent> slot({.voices = 1, .fade_frames = 1});
  slot.publish(*m);
  const auto expected = alone(*m, in);
  in[1000] = std::numeric_limits<float>::quiet_NaN(), in[1001] = 1e30f;
  const auto out = play(slot, in, {64}, [](std::size_t) {});
  for (const float y : out) ASSERT_TRUE(std::isfinite(y));
  EXPECT_NEAR(out.back(), expected.back(), 1e-6);
  EXPECT_GT(slot.repairs(), 0u);
}

}  // namespace

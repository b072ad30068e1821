// ModelT: properties that do not depend on the layers.
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "support/backends.hpp"
#include "support/golden.hpp"

#if defined(__EMSCRIPTEN__)
#define INLAY_TEST_HAS_THREADS 0
#else
#define INLAY_TEST_HAS_THREADS 1
#endif
#if defined(__unix__)
#include <pthread.h>
#endif

using namespace inlay;

namespace {

using Amp = ModelT<LSTM<1, 20>, Dense<20, 1>>;
using Conv = ModelT<Conv1D<1, 4, 3>, Tanh<4>, Dense<4, 1>>;

std::unique_ptr<Amp> trained() {
  auto amp = std::make_unique<Amp>();
  amp->load(std::filesystem::path(test_file("golden/torch/lstm20_dense.f32.json")));
  return amp;
}

std::vector<float> signal(std::size_t frames, double frequency) {
  std::vector<float> x(frames);
  for (std::size_t t = 0; t < frames; ++t)
    x[t] = static_cast<float>(0.8 * std::sin(frequency * static_cast<double>(t)));
  return x;
}

std::vector<float> run(const Amp& amp, Amp::State& voice, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  amp.process(voice, x, y);
  return y;
}

}  // namespace

TEST(ModelTest, constants) {
  static_assert(Amp::in_size == 1 && Amp::out_size == 1 && Amp::layer_count == 2);
  static_assert(std::same_as<Amp::scalar, float>);
  static_assert(Amp::receptive_field == unbounded);
  static_assert(Amp::parameters == 4 * 20 * (1 + 20 + 1) + 21);
  static_assert(Amp::macs_per_sample == 4 * 20 * 21 + 20);
  static_assert(Amp::weight_bytes >= 4 * Amp::parameters && Amp::state_bytes == sizeof(Amp::State));
  static_assert(sizeof(Amp) >= Amp::weight_bytes + Amp::state_bytes);
  static_assert(Conv::receptive_field == 3);
  static_assert(ModelT<Conv1D<1, 2, 5, 4>, Conv1D<2, 2, 3, 2>>::receptive_field == 1 + 16 + 4);
  static_assert(noexcept(std::declval<Amp&>().process(nullptr, nullptr, 0)) &&
                noexcept(std::declval<Amp&>().forward(0.f)));
}

TEST(ModelTest, forward_takes_arrays_spans_and_numbers) {
  ModelT<Dense<2, 3>> m;
  const std::array<float, 2> weights_row{1, 2};
  ASSERT_TRUE(assign(m.layer<0>(), "bias", std::span<const float>(std::array<float, 3>{1, 2, 3})));
  std::array<float, 3> y{};
  m.forward(weights_row, y);
  EXPECT_EQ(y, (std::array<float, 3>{1, 2, 3}));
  const auto amp = trained();
  EXPECT_TRUE(std::isfinite(amp->forward(0.5f)));
}

TEST(ModelTest, forward_in_place) {
  ModelT<Dense<2, 2>> m;
  ASSERT_TRUE(assign(m.layer<0>(), "kernel", std::span<const float>(std::array<float, 4>{0, 1, 1, 0})));  // swaps
  std::array<float, 2> x{3, 5};
  m.forward(x, x);
  EXPECT_EQ(x, (std::array<float, 2>{5, 3}));
}

TEST(ModelTest, layers_are_set_by_hand) {
  Conv m;
  std::array<float, 12> kernel{};
  kernel[2 * 4 + 1] = 3;  // present frame to channel 1
  ASSERT_TRUE(assign(m.layer<0>(), "kernel", std::span<const float>(kernel)));
  ASSERT_TRUE(assign(m.layer<2>(), "kernel", std::span<const float>(std::array<float, 4>{0, 2, 0, 0})));
  ASSERT_TRUE(assign(m.layer<2>(), "bias", std::span<const float>(std::array<float, 1>{0.5f})));
  EXPECT_NEAR(m.forward(0.25f), 2 * std::tanh(0.75f) + 0.5f, 1e-6f);
  EXPECT_FALSE(
      assign(m.layer<0>(), "kernel", std::span<const float>(std::array<float, 3>{})));  // wrong number of values
  EXPECT_FALSE(assign(m.layer<0>(), "weights", std::span<const float>(kernel)));        // no such tensor
}

TEST(ModelTest, zero_frames_change_nothing) {
  const auto amp = trained();
  const float before = amp->forward(0.3f);
  amp->reset();
  amp->process(nullptr, nullptr, 0);
  EXPECT_EQ(amp->forward(0.3f), before);
}

TEST(ModelTest, reset_starts_the_signal_again) {
  const auto amp = trained();
  const std::vector<float> x = signal(200, 0.07);
  std::vector<float> first(200), second(200);
  amp->process(x, first);
  amp->reset();
  amp->process(x, second);
  EXPECT_EQ(first, second);
}

TEST(ModelTest, voices_share_weights_and_nothing_else) {
  const auto amp = trained();
  const auto a = std::make_unique<Amp::State>(), b = std::make_unique<Amp::State>(),
             alone = std::make_unique<Amp::State>();
  const std::vector<float> x = signal(300, 0.05), z = signal(300, 0.31);
  const std::vector<float> wanted_x = run(*amp, *alone, x);
  amp->reset(*alone);
  const std::vector<float> wanted_z = run(*amp, *alone, z);
  ASSERT_NE(wanted_x, wanted_z);
  std::vector<float> y(300), w(300);
  for (std::size_t t = 0; t < 300; t += 30) {
    amp->process(*a, std::span(x).subspan(t, 30), std::span(y).subspan(t, 30));
    amp->process(*b, std::span(z).subspan(t, 30), std::span(w).subspan(t, 30));
  }
  EXPECT_EQ(y, wanted_x);
  EXPECT_EQ(w, wanted_z);
}

#if INLAY_TEST_HAS_THREADS
TEST(ModelTest, voices_run_at_the_same_time) {
  const auto amp = trained();
  const std::vector<float> x = signal(20000, 0.05);
  std::vector<std::vector<float>> y(4);
  std::vector<std::thread> threads;
  for (auto& out : y)
    threads.emplace_back([&] {
      const auto voice = std::make_unique<Amp::State>();
      out = run(*amp, *voice, x);
    });
  for (auto& thread : threads) thread.join();
  for (const auto& out : y) EXPECT_EQ(out, y[0]);
}
#endif

TEST(ModelTest, copies_and_moves_carry_weights_and_state) {
  const auto amp = trained();
  const std::vector<float> x = signal(100, 0.1);
  std::vector<float> warm_up(100), wanted(100), y(100);
  amp->process(x, warm_up);
  const auto copy = std::make_unique<Amp>(*amp);
  const auto assigned = std::make_unique<Amp>();
  *assigned = *amp;
  const auto& self = *assigned;
  *assigned = self;
  const auto moved = std::make_unique<Amp>(std::move(*std::make_unique<Amp>(*amp)));
  amp->process(x, wanted);
  ASSERT_NE(wanted, warm_up);
  for (Amp* other : {copy.get(), assigned.get(), moved.get()}) {
    other->process(x, y);
    EXPECT_EQ(y, wanted);
  }
}

TEST(ModelTest, frames_and_buffers_mix) {
  const auto amp = trained();
  const std::vector<float> x = signal(300, 0.1);
  std::vector<float> wanted(300), y(300);
  amp->process(x, wanted);
  amp->reset();
  for (std::size_t t = 0; t < 300;) {
    const std::size_t count = std::min<std::size_t>(t % 3 == 0 ? 1 : 50, 300 - t);
    if (count == 1) y[t] = amp->forward(x[t]);
    else amp->process(std::span(x).subspan(t, count), std::span(y).subspan(t, count));
    t += count;
  }
  for (std::size_t t = 0; t < 300; ++t) EXPECT_NEAR(y[t], wanted[t], 4e-6) << t;
}

#if defined(__unix__) && INLAY_TEST_HAS_THREADS
// Several MB of weights, which must not be copied through the stack.
using Large = ModelT<Conv1D<1, 512, 2>, Dense<512, 512>, LSTM<512, 256>, Dense<256, 1>>;

TEST(ModelTest, large_models_stay_off_the_stack) {
  static_assert(sizeof(Large) > 4'000'000);
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
  pthread_t thread;
  const auto body = [](void* result) -> void* {
    const auto model = std::make_unique<Large>();
    std::string text = R"({"format": "inlay", "version": 1, "layers": [)";
    const auto tensor = [](const char* name, const std::string& shape, std::size_t count) {
      std::string t = std::string(", \"") + name + "\": {\"shape\": [" + shape + "], \"data\": [0.25";
      for (std::size_t i = 1; i < count; ++i) t += ",0";
      return t + "]}";
    };
    text += R"({"type": "conv1d", "in": 1, "out": 512, "kernel_size": 2, "dilation": 1, "groups": 1)" +
            tensor("kernel", "2, 1, 512", 1024) + "}, ";
    text += R"({"type": "dense", "in": 512, "out": 512)" + tensor("kernel", "512, 512", 512 * 512) + "}, ";
    text += R"({"type": "lstm", "in": 512, "out": 256, "recurrent_activation": "sigmoid")" +
            tensor("kernel", "512, 1024", 512 * 1024) + tensor("recurrent_kernel", "256, 1024", 256 * 1024) +
            tensor("bias", "1024", 1024) + "}, ";
    text += R"({"type": "dense", "in": 256, "out": 1)" + tensor("kernel", "256, 1", 256) + "}], ";
    text +=
        R"("check": {"input": {"shape": [2, 1], "data": [0, 0]}, "output": {"shape": [2, 1], "data": [0, 0]}, "tolerance": 1e9}})";
    try {
      model->load_text(text);
      *static_cast<std::string*>(result) = "loaded";
    } catch (const load_error& error) {
      *static_cast<std::string*>(result) = error.what();
    }
    const auto copy = std::make_unique<Large>(*model);
    *copy = *model;
    copy->reset();
    return nullptr;
  };
  std::string result;
  ASSERT_EQ(pthread_create(&thread, &attributes, body, &result), 0);
  pthread_join(thread, nullptr);
  EXPECT_EQ(result, "loaded");
}
#endif

#ifndef NDEBUG
TEST(ModelDeathTest, other_overlap_than_in_place_is_asserted) {
  const auto amp = trained();
  std::vector<float> x(100);
  EXPECT_DEATH(amp->process(std::span(x).subspan(0, 50), std::span(x).subspan(1, 50)), "overlaps_only_in_place");
}
#endif

// Every container that a plugin may have its knobs in.
TEST(ModelTest, a_frame_comes_from_any_container) {
  using Knobbed = ModelT<AppendCondition<1, 2>, LSTM<3, 8>, Dense<8, 1>>;
  const auto model = std::make_unique<Knobbed>();
  model->load(std::filesystem::path(test_file("golden/torch/append_condition.f32.json")));
  const float x = 0.5f, drive = 0.25f, tone = -0.5f;
  const float array[] = {drive, tone};
  const std::array<float, 2> standard_array{drive, tone};
  const std::vector<float> vector{drive, tone};
  std::vector<float> outputs;
  const auto compute = [&](auto&&... arguments) {
    float y = 0;
    model->reset();
    model->forward(&x, &y, arguments...);
    outputs.push_back(y);
  };
  compute(array);
  compute(standard_array);
  compute(vector);
  compute(vector.data());
  compute(std::span<const float>(vector));
  compute(std::span<const float, 2>(array));
  const auto sample = [&](auto&& knobs) {
    model->reset();
    outputs.push_back(model->forward(x, knobs));
  };
  sample(array);
  sample(vector);
  model->reset();
  outputs.push_back(model->forward(x, {drive, tone}));
  Knobbed::State voice;
  model->reset(voice);
  outputs.push_back(std::as_const(*model).forward(voice, x, {drive, tone}));
  EXPECT_NE(outputs.front(), 0.0f);
  for (const float y : outputs) EXPECT_EQ(y, outputs.front());
}

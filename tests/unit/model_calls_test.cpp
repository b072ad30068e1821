// Calls of inlay::Model whose sizes do not fit the network compute nothing, in every build.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <inlay/run_time.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/golden.hpp"

using namespace inlay;

namespace {

Model<> load(const std::string& name) {
  return Model<>::load(std::filesystem::path(test_file("golden/torch/" + name + ".f32.json")));
}

/// Heap memory of exactly `count` values, so that AddressSanitizer detects accesses outside.
std::vector<float> values(std::size_t count) { return std::vector<float>(count, 0.5f); }

}  // namespace

TEST(ModelCalls, a_network_says_what_it_accepts) {
  const auto amp = load("lstm20_dense");
  EXPECT_TRUE(amp.accepts(1, 1));
  EXPECT_FALSE(amp.accepts(2, 2));
  EXPECT_FALSE(amp.accepts(1, 1, 2));
  EXPECT_TRUE(load("dense_3_5").accepts(3, 5));
  EXPECT_FALSE(load("conv1d_3_20_k1_s4").accepts(3, 20));  // one output frame per four input frames
  const auto knobs = load("append_condition");
  EXPECT_TRUE(knobs.accepts(knobs.in_size(), knobs.out_size(), knobs.condition_size()));
  EXPECT_FALSE(knobs.accepts(knobs.in_size(), knobs.out_size()));
}

TEST(ModelCalls, forward_of_a_number_gives_zero_for_other_channels) {
  for (const char* name :
       {"lstm_1_8", "conv1d_1_16_k12_s12", "dense_1_17", "dense_20_1", "lstm_2_17", "append_condition"})
    EXPECT_EQ(load(name).forward(0.5f), 0.0f) << name;
  EXPECT_NE(load("lstm20_dense").forward(0.5f), 0.0f);
}

TEST(ModelCalls, forward_of_a_number_with_knobs) {
  auto model = load("append_condition");
  const auto knobs = values(2), one_knob = values(1);
  EXPECT_EQ(model.forward(0.5f, one_knob), 0.0f);
  EXPECT_EQ(load("lstm20_dense").forward(0.5f, knobs), 0.0f);  // it has no side channels
  auto out = values(1);
  ASSERT_EQ(model.forward(values(1), out, knobs), 1u);
  model.reset();
  EXPECT_EQ(model.forward(0.5f, knobs), out[0]);
}

TEST(ModelCalls, forward_of_spans_that_do_not_fit_gives_no_frame) {
  auto model = load("dense_3_5");
  auto in = values(3), out = values(5), short_out = values(4), more = values(4), less = values(2);
  EXPECT_EQ(model.forward(in, short_out), 0u);
  EXPECT_EQ(short_out, values(4));
  EXPECT_EQ(model.forward(less, out), 0u);
  EXPECT_EQ(model.forward(more, out), 0u);
  EXPECT_EQ(model.forward(in, out, less), 0u);  // it has no side channels
  EXPECT_EQ(out, values(5));
  EXPECT_EQ(model.forward(in, out), 1u);
  EXPECT_NE(out, values(5));

  auto several = load("conv_transpose1d_3_5_k4_s2");  // two output frames per input frame
  auto one_frame = values(5), two_frames = values(10);
  EXPECT_EQ(several.forward(in, one_frame), 0u);
  EXPECT_EQ(several.forward(in, two_frames), 2u);
}

TEST(ModelCalls, without_its_side_channels_a_network_gives_nothing) {
  auto model = load("append_condition");
  const std::size_t frames = 10;
  std::vector<std::vector<float>> in(model.in_size(), values(frames)), out(model.out_size(), values(frames));
  std::vector<const float*> x;
  std::vector<float*> y;
  for (auto& channel : in) x.push_back(channel.data());
  for (auto& channel : out) y.push_back(channel.data());
  EXPECT_EQ(model.process(x.data(), y.data(), frames), 0u);
  EXPECT_EQ(out[0], values(frames));
  const auto too_many = values(model.condition_size() + 1), knobs = values(model.condition_size());
  EXPECT_EQ(model.process(x.data(), y.data(), frames, too_many), 0u);
  auto frame_in = values(model.in_size()), frame_out = values(model.out_size());
  EXPECT_EQ(model.forward(frame_in, frame_out), 0u);
  EXPECT_EQ(model.process(x.data(), y.data(), frames, knobs), frames);
  EXPECT_EQ(model.forward(frame_in, frame_out, knobs), 1u);
}

TEST(ModelCalls, one_channel_calls_of_a_wider_network_give_nothing) {
  auto model = load("dense_3_5");
  auto in = values(10), out = values(10);
  EXPECT_EQ(model.process(in, out), 0u);
  EXPECT_EQ(out, values(10));
}

TEST(ModelCalls, a_state_of_another_network_is_left_alone) {
  auto small = load("lstm_1_8"), large = load("lstm_40_40");
  Model<>::State state = small.new_state();
  auto in = values(40), out = values(40);
  EXPECT_EQ(large.forward(state, in, out), 0u);
  large.reset(state);
  const float* x[40];
  float* y[40];
  for (std::size_t c = 0; c < 40; ++c) x[c] = in.data(), y[c] = out.data();
  EXPECT_EQ(large.process(state, x, y, 1), 0u);
  EXPECT_EQ(out, values(40));

  Model<>::State taken = std::move(state);
  EXPECT_EQ(small.forward(state, std::span(in).first(1), out), 0u);
  small.reset(state);
  EXPECT_EQ(small.forward(taken, std::span(in).first(1), out), 1u);
  Model<> copy = small;  // shares the network
  EXPECT_EQ(copy.forward(taken, std::span(in).first(1), out), 1u);
}

TEST(ModelCalls, a_state_outlives_its_model) {
  auto model = std::make_unique<Model<>>(load("lstm_1_8"));
  Model<>::State state = model->new_state(), other = state;
  model.reset();
  state = other;
  SUCCEED();
}

TEST(ModelCalls, a_network_whose_output_is_not_finite_is_refused) {
  // RTNeural's format has no check. 3e38 fits a float, twice that does not.
  const std::string_view text = R"({"in_shape": [null, null, 1], "layers": [
    {"type": "dense", "activation": "", "shape": [null, null, 2], "weights": [[[3e38, 3e38]], [3e38, 3e38]]}]})";
  try {
    Model<>::load_text(text);
    FAIL() << "was loaded";
  } catch (const load_error& error) {
    EXPECT_EQ(error.place(), "layers") << error.what();
  }
  ModelT<Dense<1, 2>> type;
  EXPECT_THROW(type.load_text(text), load_error);
}

TEST(ModelCalls, instruction_sets_agree) {
  const std::filesystem::path path = test_file("golden/nam/wavenet_a1_standard.json");
  std::vector<float> x(300), expected(300), y(300);
  for (std::size_t t = 0; t < x.size(); ++t) x[t] = float(t % 37) / 37 - 0.5f;
  auto usual = Model<>::load(path);
  usual.process(x, expected);
  std::size_t loaded = 0;
  for (const char* isa : {"sse2", "avx2", "avx512", "neon", "wasm_simd"}) {
    try {
      auto model = Model<>::load(path, {.isa = isa});
      EXPECT_EQ(model.isa(), isa);
      model.process(x, y);
      for (std::size_t t = 0; t < x.size(); ++t) ASSERT_NEAR(y[t], expected[t], 1e-5) << isa;
      ++loaded;
    } catch (const load_error& error) {
      EXPECT_EQ(error.found(), isa);  // the program or the processor does not have it
    }
  }
  EXPECT_GE(loaded, 1u);
  EXPECT_THROW(Model<>::load(path, {.isa = "mmx"}), load_error);
}

// Layers of grey boxes: filters, compressors, tables, equalisers.
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "support/backends.hpp"
#include "support/document.hpp"
#include "support/golden.hpp"

using namespace inlay;

template <class B>
class GreyBox : public ::testing::Test {};
TYPED_TEST_SUITE(GreyBox, TwoBackends);

TYPED_TEST(GreyBox, biquad) {
  using B = TypeParam;
  golden<ModelT<Biquad<1, 5, B>>>("biquad_1_s5", single_layer);
  golden<ModelT<Biquad<3, 1, B>>>("biquad_3_s1", single_layer);
}
TYPED_TEST(GreyBox, biquad_of_many_sections) { golden<ModelT<Biquad<2, 11, TypeParam>>>("biquad_2_s11", single_layer); }
TYPED_TEST(GreyBox, one_pole) { golden<ModelT<OnePole<3, TypeParam>>>("one_pole_3", single_layer); }
TYPED_TEST(GreyBox, decibels) {
  using B = TypeParam;
  golden<ModelT<AmplitudeToDB<3, B>, Scale<3, B>>>("decibels_3", single_layer);
  golden<ModelT<GainComputer<3, B>, DBToAmplitude<3, B>, GainComputer<3, B>>>("gain_computer_3", single_layer);
}
TYPED_TEST(GreyBox, table_shaper) {
  golden<ModelT<TableShaper<2, 17, TypeParam>>>("table_shaper_2", single_layer);
  golden<ModelT<CubicTableShaper<2, 17, TypeParam>>>("table_shaper_2_cubic", single_layer);
}
TYPED_TEST(GreyBox, compressor) {
  using B = TypeParam;
  golden<ModelT<Compressor<1, B>>>("compressor", stack);
}
TYPED_TEST(GreyBox, parametric_equalizer) {
  using B = TypeParam;
  using Knobs = Sequential<AppendCondition<2, 2, B>, Slice<4, 2, 2, B>, Dense<2, 9, B>, Sigmoid<9, B>, Affine<9, B>>;
  golden<ModelT<ConditionedBy<Knobs, ParametricEqualizer<2, 3, 48, B>>>>("parametric_equalizer_2_b3", stack);
}

TEST(GreyBoxEdges, a_slow_smoother_reaches_its_target_in_float) {
  ModelT<OnePole<1, LoopBackend<float>>> m;
  ASSERT_TRUE(assign(m.layer<0>(), "rise", {0.99999}));
  ASSERT_TRUE(assign(m.layer<0>(), "fall", {0.99999}));
  float y = 0;
  for (int t = 0; t < 3000000; ++t) y = m.forward(1.0f);
  EXPECT_EQ(y, 1.0f);
}

TEST(GreyBoxEdges, an_equalizer_is_stable_for_any_parameters) {
  constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const float odd : {0.0f, -1.0f, inf, -inf, nan, 1e30f}) {
    ParametricEqualizer<1, 3, 16> layer;
    decltype(layer)::State state;
    layer.reset(state);
    const std::array<float, 9> parameters{odd, 500, 1, 3, odd, 1, 3, 500, odd};
    float y = 0;
    for (int t = 0; t < 20000; ++t) {
      alignas(alignment) std::array<float, 16> in{t == 0 ? 1.0f : 0.0f}, out{};
      layer.forward(state, in.data(), out.data(), {nullptr, parameters.data()});
      y = out[0];
      ASSERT_TRUE(std::isfinite(y)) << odd;
    }
  }
}

TEST(GreyBoxEdges, a_table_holds_its_ends_and_passes_on_nan) {
  ModelT<CubicTableShaper<1, 3>> m;
  ASSERT_TRUE(assign(m.layer<0>(), "values", {-0.5f, 0.25f, 1.0f}));
  EXPECT_EQ(m.forward(-std::numeric_limits<float>::infinity()), -0.5f);
  EXPECT_EQ(m.forward(0.0f), 0.25f);
  EXPECT_EQ(m.forward(2.0f), 1.0f);
  EXPECT_EQ(m.forward(1e30f), 1.0f);
  EXPECT_TRUE(std::isnan(m.forward(std::numeric_limits<float>::quiet_NaN())));
}

TEST(GreyBoxEdges, levels_of_silence_and_nan) {
  ModelT<AmplitudeToDB<3>> m;
  std::array<float, 3> y;
  m.forward(std::array<float, 3>{0.0f, -1.0f, std::numeric_limits<float>::quiet_NaN()}, y);
  EXPECT_NEAR(y[0], -160.0f, 1e-4f);
  EXPECT_NEAR(y[1], 0.0f, 1e-6f);
  EXPECT_TRUE(std::isnan(y[2]));
}

TEST(GreyBoxRefusals, unstable_filters) {
  const Document good = Document::of_file(test_file("golden/torch/biquad_1_s5.f32.json"));
  EXPECT_EQ(refusal(good), "was read");
  const std::string message = refusal(good.with("/layers/0/coefficients/data/9", "1"));
  EXPECT_EQ(message.find("layers[0].coefficients.data[8]: expected a stable filter, whose poles are inside of the unit "
                         "circle, found a1 = "),
            0u)
      << message;
  EXPECT_NE(refusal(good.with("/layers/0/coefficients/data/8", "1.999")), "was read");
  const Document smoother = Document::of_file(test_file("golden/torch/one_pole_3.f32.json"));
  EXPECT_EQ(refusal(smoother.with("/layers/0/rise/data/1", "1")),
            "layers[0].rise.data[1]: expected a smoothing coefficient of at least 0 and below 1, found 1");
}

TEST(GreyBoxRefusals, numbers) {
  const Document gain = Document::of_file(test_file("golden/torch/gain_computer_3.f32.json"));
  EXPECT_EQ(refusal(gain.with("/layers/0/ratio", "0")), "layers[0].ratio: expected a number above 0, found 0");
  EXPECT_EQ(refusal(gain.with("/layers/0/knee", "-1")),
            "layers[0].knee: expected a width in dB, not negative, found -1");
  const Document table = Document::of_file(test_file("golden/torch/table_shaper_2.f32.json"));
  EXPECT_EQ(refusal(table.with("/layers/0/high", "-2")), "layers[0].high: expected a number above -2, found -2");
  const Document grey_box = Document::of_file(test_file("golden/torch/grey_box.f32.json"));
  EXPECT_EQ(refusal(grey_box.with("/layers/2/layers/0/sample_rate", "0")),
            "layers[2].layers[0].sample_rate: expected a number above 0, found 0");
}

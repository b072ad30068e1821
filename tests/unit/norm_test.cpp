// Normalisations of frames: against PyTorch, the order of their sums, statistics of long signals, refused files.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <inlay/core/dynamic.hpp>
#include <inlay/run_time.hpp>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

// On one backend here, in fixed sizes; every_backend_test has all of them in dynamic sizes.
template <class B>
class NormTest : public ::testing::Test {};
TYPED_TEST_SUITE(NormTest, OneBackend);

TYPED_TEST(NormTest, layer_norm) { golden<ModelT<LayerNorm<32, TypeParam>>>("layer_norm_32", single_layer); }
TYPED_TEST(NormTest, layer_norm_with_a_remainder) {
  golden<ModelT<LayerNorm<7, TypeParam>>>("layer_norm_7", single_layer);
}
TYPED_TEST(NormTest, layer_norm_without_gamma_and_beta) {
  golden<ModelT<LayerNorm<13, TypeParam>>>("layer_norm_13_plain", single_layer);
}
TYPED_TEST(NormTest, rms_norm) { golden<ModelT<RMSNorm<19, TypeParam>>>("rms_norm_19", single_layer); }
TYPED_TEST(NormTest, group_norm) { golden<ModelT<GroupNorm<12, 3, TypeParam>>>("group_norm_12_g3", single_layer); }
TYPED_TEST(NormTest, group_norm_with_a_remainder) {
  golden<ModelT<GroupNorm<21, 3, TypeParam>>>("group_norm_21_g3", single_layer);
}
TYPED_TEST(NormTest, cumulative_norm) {
  golden<ModelT<CumulativeNorm<6, TypeParam>>>("cumulative_norm_6", single_layer);
}

namespace {

/// Visitor that sets the sizes of a layer of dynamic sizes.
struct SetSizes {
  std::size_t size, groups;
  template <class Of>
  void option(std::string_view name, Extent<dynamic, Of>& extent) {
    extent.value = name == "size" ? size : groups;
  }
  void option(std::string_view, std::size_t) {}
  void require(bool, std::string_view, std::string_view) {}
  void number(std::string_view, auto&) {}
  void optional_tensor(std::string_view, auto& tensor, double value) {
    tensor.allocate();
    tensor.fill(static_cast<typename std::remove_reference_t<decltype(tensor)>::value_type>(value));
  }
};

/// Expects the same bits of every frame alone and of a tile of all of them.
template <class L>
void expect_same_bits(std::size_t size, std::size_t groups = 1) {
  using T = typename L::scalar;
  constexpr std::size_t frames = 21, most = 64;
  ASSERT_LE(size, most);
  L layer;
  SetSizes sizes{size, groups};
  layer.visit(sizes);
  auto in = std::make_unique<AlignedArray<T, most * tile_frames>>();
  auto out = std::make_unique<AlignedArray<T, most * tile_frames>>();
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0.7, 2);
  for (std::size_t i = 0; i < most * tile_frames; ++i) in->data()[i] = static_cast<T>(noise(random));
  typename L::State of_tile{}, of_frames{};
  layer.process(of_tile, Block<const T>(in->data()), Block<T>(out->data()), frames);
  for (std::size_t t = 0; t < frames; ++t) {
    AlignedArray<T, most> x, y;
    for (std::size_t c = 0; c < size; ++c) x.data()[c] = in->data()[c * tile_frames + t];
    layer.forward(of_frames, x.data(), y.data());
    for (std::size_t c = 0; c < size; ++c)
      ASSERT_EQ(0, std::memcmp(&y.data()[c], &out->data()[c * tile_frames + t], sizeof(T)))
          << size << " channels, channel " << c << " of frame " << t;
  }
}

}  // namespace

template <class B>
class NormBits : public ::testing::Test {};
TYPED_TEST_SUITE(NormBits, EachBackend);

TYPED_TEST(NormBits, frames_and_tiles_of_every_size_are_equal) {
  for (std::size_t size = 1; size <= 40; ++size) {
    expect_same_bits<LayerNorm<dynamic, TypeParam>>(size);
    expect_same_bits<RMSNorm<dynamic, TypeParam>>(size);
    expect_same_bits<CumulativeNorm<dynamic, TypeParam>>(size);
    if (size % 3 == 0) expect_same_bits<GroupNorm<dynamic, dynamic, TypeParam>>(size, 3);
  }
}

/// The mean is 10,000 times the deviation: sums of floats, or of squares, would be wrong.
TEST(CumulativeNorm, is_right_for_long_signals) {
  constexpr std::size_t frames = 16, tiles = 200000;
  CumulativeNorm<2> layer;
  CumulativeNorm<2>::State state;
  AlignedArray<float, 2 * tile_frames> in, out;
  std::minstd_rand random(1);
  double sum = 0, squares = 0;  // of the differences from 100
  for (std::size_t i = 0; i < tiles; ++i) {
    for (std::size_t c = 0; c < 2; ++c)
      for (std::size_t t = 0; t < frames; ++t) {
        float& x = in.data()[c * tile_frames + t];
        x = 100 + 0.02f * (static_cast<float>(random()) / static_cast<float>(std::minstd_rand::max()) - 0.5f);
        const double difference = double(x) - 100;
        sum += difference, squares += difference * difference;
      }
    layer.process(state, Block<const float>(in.data()), Block<float>(out.data()), frames);
  }
  const double count = 2.0 * frames * tiles, mean = sum / count, variance = squares / count - mean * mean;
  EXPECT_EQ(state.frames, double(frames * tiles));
  EXPECT_NEAR(state.mean, 100 + mean, 1e-7);
  EXPECT_NEAR(state.variance, variance, 1e-3 * variance);
  for (std::size_t t = 0; t < frames; ++t)
    EXPECT_NEAR(out.data()[t], (double(in.data()[t]) - 100 - mean) / std::sqrt(variance + 1e-5), 0.01);
}

/// After a year of silence and of noise the statistics are still finite, and move.
TEST(CumulativeNorm, does_not_stop_after_a_year) {
  CumulativeNorm<2> layer;
  CumulativeNorm<2>::State state{.mean = 0.25, .variance = 0.5, .frames = 48000.0 * 3600 * 24 * 365};
  const CumulativeNorm<2>::State before = state;
  alignas(64) const float x[16] = {1, -3};
  alignas(64) float y[16];
  for (int t = 0; t < 1000; ++t) layer.forward(state, x, y);
  EXPECT_EQ(state.frames, before.frames + 1000);
  EXPECT_LT(state.mean, before.mean);
  EXPECT_GT(state.variance, before.variance);
  EXPECT_NEAR(y[0], 0.75 / std::sqrt(0.5), 1e-4);
}

TEST(CumulativeNorm, starts_anew_after_reset) {
  ModelT<CumulativeNorm<2>> model;
  const float loud[] = {100, -300}, x[] = {1, 3};
  float y[2];
  model.forward(loud, y);
  model.reset();
  model.forward(x, y);
  EXPECT_NEAR(y[0], -1, 1e-5);
  EXPECT_NEAR(y[1], 1, 1e-5);
}

TEST(Norm, of_silence_is_beta) {
  ModelT<LayerNorm<5>, RMSNorm<5>, GroupNorm<5, 5>, CumulativeNorm<5>> model;
  const float x[5]{};
  float y[5];
  for (int t = 0; t < 3; ++t) {
    model.forward(x, y);
    for (float value : y) EXPECT_EQ(value, 0);
  }
}

TEST(Norm, refuses_an_epsilon_of_0_and_groups_that_do_not_divide) {
  const auto message_of = [](const std::string& layer) {
    const std::string check =
        R"("check": {"source": "", "dtype": "float32", "tolerance": 1e-5, "input": {"shape": [2, 4], "data": [0, 0, 0, 0, 0, 0, 0, 0]},
           "output": {"shape": [2, 4], "data": [0, 0, 0, 0, 0, 0, 0, 0]}})";
    try {
      Model<float>::load_text(R"({"format": "inlay", "version": 1, "layers": [)" + layer + "], " + check + "}");
    } catch (const load_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const char* type : {"layer_norm", "rms_norm", "cumulative_norm"}) {
    const std::string begin = R"({"type": ")" + std::string(type) + R"(", "size": 4, "epsilon": )";
    EXPECT_EQ(message_of(begin + "1e-5}"), "");
    EXPECT_NE(message_of(begin + "0}")
                  .find("layers[0].epsilon: expected at least 1.17549435e-38, as silence has no "
                        "variance, found 0"),
              std::string::npos)
        << message_of(begin + "0}");
  }
  EXPECT_NE(message_of(R"({"type": "group_norm", "size": 4, "groups": 3, "epsilon": 1e-5})")
                .find("a divisor of the number of channels"),
            std::string::npos)
      << message_of(R"({"type": "group_norm", "size": 4, "groups": 3, "epsilon": 1e-5})");
}

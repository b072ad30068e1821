// Weights of 16 bits: the output is that of a model with rounded weights.
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <inlay/io/player.hpp>
#include "support/backends.hpp"

#include "support/golden.hpp"

using namespace inlay;

TEST(BFloat16Test, rounds_to_the_nearest_and_to_even_from_the_middle) {
  for (std::uint32_t upper = 0; upper < 0x7F80; ++upper) {  // every non-negative number
    const auto exact = inlay::internal::bit_cast<float>(upper << 16);
    for (const auto& [rest, up] : {std::pair{0u, 0u}, {1u, 0u}, {0x7FFFu, 0u}, {0x8000u, upper & 1}, {0x8001u, 1u}}) {
      const auto value = inlay::internal::bit_cast<float>(upper << 16 | rest);
      EXPECT_EQ(bfloat16(value).bits, upper + up) << value;
      EXPECT_EQ(bfloat16(-value).bits, (upper + up) | 0x8000) << -value;
    }
    EXPECT_EQ(static_cast<float>(bfloat16(exact)), exact);
  }
  using limits = std::numeric_limits<float>;
  EXPECT_EQ(static_cast<float>(bfloat16(limits::infinity())), limits::infinity());
  EXPECT_TRUE(std::isnan(static_cast<float>(bfloat16(limits::quiet_NaN()))));
  EXPECT_TRUE(std::isnan(static_cast<float>(bfloat16(inlay::internal::bit_cast<float>(0x7F800001u)))));
}

namespace {

/// The rounded weights of a PyTorch model, in a model that stores floats and in one that stores 16 bits.
template <class Model, class Compact>
void expect_same(const std::string& name) {
  const std::string path = test_file("golden/torch/" + name + ".f32.json");
  io::ModelFile file = io::read_model(std::filesystem::path(path));
  for (auto& layer : file.chain.layers)
    for (auto& [of, tensor] : layer.tensors)
      for (double& value : tensor.values) value = static_cast<float>(bfloat16(static_cast<float>(value)));
  io::Check check = *std::exchange(file.check, {});

  const auto model = std::make_unique<Model>();
  const auto state = std::make_unique<typename Model::State>();
  io::fill_model(*model, file);
  const auto run = io::runnable(*model, *state);
  const auto output = io::Player<float>(run, check).by_frames();
  const io::Checked at = io::checked_frames(run, check, output);
  for (std::size_t i = 0; i < check.output.values.size(); ++i)
    check.output.values[i] = output.values[i % run.out_size * output.room + at.first + i / run.out_size * at.stride];

  const auto compact = std::make_unique<Compact>();
  const auto compact_state = std::make_unique<typename Compact::State>();
  io::fill_model(*compact, file);
  expect_golden(io::runnable(*compact, *compact_state), file.chain.layers.size(), check, single_layer);
}

}  // namespace

template <class B>
class CompactTest : public ::testing::Test {};
#if defined(INLAY_TEST_FEW_BACKENDS) || !INLAY_HAS_XSIMD || !INLAY_HAS_EIGEN
using CompactBackends = ::testing::Types<compact_backend>;
#else
using CompactBackends =
    ::testing::Types<XsimdBackend<float, math::Accurate, bfloat16>, EigenBackend<float, math::Accurate, bfloat16>,
                     StlBackend<float, math::Accurate, bfloat16>, LoopBackend<float, math::Accurate, bfloat16>>;
#endif
TYPED_TEST_SUITE(CompactTest, CompactBackends);

TYPED_TEST(CompactTest, gives_what_rounded_weights_give) {
  using B = TypeParam;
  using F = default_backend;
  expect_same<ModelT<Dense<3, 5, F>>, ModelT<Dense<3, 5, B>>>("dense_3_5");
  expect_same<ModelT<Conv1D<4, 6, 3, 2, 1, F>>, ModelT<Conv1D<4, 6, 3, 2, 1, B>>>("conv1d_4_6_k3_d2");
}

TEST(CompactModelTest, gives_what_rounded_weights_give_in_recurrent_layers) {
  using B = compact_backend;
  using F = default_backend;
  expect_same<ModelT<LSTM<2, 17, F>>, ModelT<LSTM<2, 17, B>>>("lstm_2_17");
  expect_same<ModelT<GRU<2, 17, F>>, ModelT<GRU<2, 17, B>>>("gru_2_17");
}

TEST(CompactModelTest, takes_half_of_the_memory) {
  using Model = ModelT<LSTM<1, 64>>;
  using Compact = ModelT<LSTM<1, 64, compact_backend>>;
  EXPECT_LT(Compact::weight_bytes, Model::weight_bytes * 11 / 20);
}

TEST(CompactModelTest, load_says_what_it_costs) {
  const std::filesystem::path file = test_file("../examples/amp/amp.json");
  ModelT<LSTM<1, 20>, Dense<20, 1>> exact;
  ModelT<LSTM<1, 20, compact_backend>, Dense<20, 1, compact_backend>> compact;
  EXPECT_LT(exact.load(file).check_error.value(), 1e-5);
  const double error = compact.load(file).check_error.value();
  EXPECT_GT(error, 1e-5);
  EXPECT_LT(error, bfloat16::lossy_bound);
  RecordProperty("error", std::to_string(error));
}

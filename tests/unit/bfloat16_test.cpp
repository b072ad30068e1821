// Weights of 16 bits: the output is that of a model with rounded weights.
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>

#include "support/backends.hpp"
#include "support/rounded_weights.hpp"

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

template <class B>
class CompactTest : public ::testing::Test {};
#if defined(INLAY_TEST_FEW_BACKENDS) || !INLAY_HAS_XSIMD || !INLAY_HAS_EIGEN
using CompactBackends = ::testing::Types<compact_backend>;
#elif !defined(INLAY_TEST_MANY_BACKENDS)
using CompactBackends = ::testing::Types<compact_backend, LoopBackend<float, math::Accurate, bfloat16>>;
#else
using CompactBackends =
    ::testing::Types<XsimdBackend<float, math::Accurate, bfloat16>, EigenBackend<float, math::Accurate, bfloat16>,
                     StlBackend<float, math::Accurate, bfloat16>, LoopBackend<float, math::Accurate, bfloat16>>;
#endif
TYPED_TEST_SUITE(CompactTest, CompactBackends);

TYPED_TEST(CompactTest, gives_what_rounded_weights_give) {
  using B = TypeParam;
  using F = default_backend;
  expect_rounded<ModelT<Dense<3, 5, F>>, ModelT<Dense<3, 5, B>>>("dense_3_5");
  expect_rounded<ModelT<Conv1D<4, 6, 3, 2, 1, F>>, ModelT<Conv1D<4, 6, 3, 2, 1, B>>>("conv1d_4_6_k3_d2");
}

TEST(CompactModelTest, gives_what_rounded_weights_give_in_recurrent_layers) {
  using B = compact_backend;
  using F = default_backend;
  expect_rounded<ModelT<LSTM<2, 17, F>>, ModelT<LSTM<2, 17, B>>>("lstm_2_17");
  expect_rounded<ModelT<GRU<2, 17, F>>, ModelT<GRU<2, 17, B>>>("gru_2_17");
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

// S4D, LRU and S6: against plain recursions in PyTorch.
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "support/backends.hpp"
#include "support/rounded_weights.hpp"

using namespace inlay;

namespace {

template <class B>
class StateSpaceTest : public ::testing::Test {};
TYPED_TEST_SUITE(StateSpaceTest, EachBackend);

// Types that take long to compile.
template <class B>
class LargeStateSpaceTest : public ::testing::Test {};
TYPED_TEST_SUITE(LargeStateSpaceTest, OneBackend);

}  // namespace

TYPED_TEST(StateSpaceTest, s4d_of_3_channels) { golden<ModelT<S4D<3, 5, TypeParam>>>("s4d_3_n5", stack); }
TYPED_TEST(StateSpaceTest, s4d_whose_lanes_are_states) { golden<ModelT<S4D<2, 21, TypeParam>>>("s4d_2_n21", stack); }
TYPED_TEST(StateSpaceTest, lru_in_3_out_4) { golden<ModelT<LRU<3, 5, 4, TypeParam>>>("lru_3_n5_4", stack); }

TYPED_TEST(LargeStateSpaceTest, s4d_of_whole_registers) { golden<ModelT<S4D<16, 8, TypeParam>>>("s4d_16_n8", stack); }
TYPED_TEST(LargeStateSpaceTest, s4d_beyond_a_register) { golden<ModelT<S4D<17, 3, TypeParam>>>("s4d_17_n3", stack); }
TYPED_TEST(LargeStateSpaceTest, s4d_of_one_channel) {
  golden<ModelT<S4D<1, 1, TypeParam>>>("s4d_1_n1", stack);
  golden<ModelT<S4D<1, 64, TypeParam>>>("s4d_1_n64", stack);
}
TYPED_TEST(LargeStateSpaceTest, lru_of_whole_registers) {
  golden<ModelT<LRU<8, 16, 8, TypeParam>>>("lru_8_n16_8", stack);
}
TYPED_TEST(LargeStateSpaceTest, lru_beyond_a_register) {
  golden<ModelT<LRU<1, 17, 2, TypeParam>>>("lru_1_n17_2", stack);
}
TYPED_TEST(LargeStateSpaceTest, s6) {
  golden<ModelT<S6<3, 5, 2, TypeParam>>>("s6_3_n5_r2", stack);
  golden<ModelT<S6<16, 16, 1, TypeParam>>>("s6_16_n16_r1", stack);
  golden<ModelT<S6<17, 3, 4, TypeParam>>>("s6_17_n3_r4", stack);
}
TYPED_TEST(LargeStateSpaceTest, network) {
  using B = TypeParam;
  golden<ModelT<Dense<1, 8, B>, S4D<8, 4, B>, SiLU<8, B>, LRU<8, 6, 8, B>, Tanh<8, B>, Dense<8, 1, B>>>("state_spaces",
                                                                                                        stack);
}

TEST(LRUTest, has_small_weights) {
  using Layer = LRU<3, 5, 4>;
  expect_rounded<ModelT<Layer>, ModelT<LRU<3, 5, 4, default_backend_for<float, math::Accurate, bfloat16>>>>(
      "lru_3_n5_4");
  expect_rounded<ModelT<Layer>, ModelT<LRU<3, 5, 4, default_backend_for<float, math::Accurate, std::int16_t>>>>(
      "lru_3_n5_4");
}

// --- constants of a program ---------------------------------------------------------------------------------------

namespace {

constexpr auto set_constants = [](auto& layers) {
  constexpr std::array<float, 6> real{0.5f, 0.25f, -0.5f, 0, 0.75f, 0.125f}, imag{0, 0.5f, 0.25f, -0.5f, 0.5f, 0.75f};
  auto& layer = layers.template layer<0>();
  return assign(layer, "a_real", std::span<const float>(real)) &&
         assign(layer, "a_imag", std::span<const float>(imag)) &&
         assign(layer, "c_real", std::span<const float>(imag)) && assign(layer, "c_imag", std::span<const float>(real));
};
constexpr auto constants = constant_layers<Sequential<S4D<3, 2>>>(set_constants);

}  // namespace

TEST(ConstantS4D, has_the_same_bits) {
  ModelT<S4D<3, 2>> model;
  ASSERT_TRUE(set_constants(model.layers()));
  ConstantModel<constants> constant;
  std::array<float, 3> in{0.5f, -0.25f, 1}, out{}, expected{};
  for (std::size_t t = 0; t < 50; ++t) {
    model.forward(in, expected);
    constant.forward(in, out);
    ASSERT_EQ(out, expected);
    in[t % 3] = -in[t % 3];
  }
}

namespace {

struct SetAndGet {
  void option(auto&&...) {}
  void tensor(std::string_view, auto& values) {
    for (std::size_t i = 0; i < size_of(values); ++i) values.set(i, float(i) - 2.5f);
    for (std::size_t i = 0; i < size_of(values); ++i) EXPECT_EQ(values.get(i), float(i) - 2.5f);
  }
  void optional_tensor(std::string_view name, auto& values, auto) { tensor(name, values); }
};

}  // namespace

TEST(S4DTest, tensors_are_read_back) {
  SetAndGet visitor;
  S4D<3, 2>().visit(visitor);
  S4D<1, 64>().visit(visitor);
  S6<9, 2, 3>().visit(visitor);
}

// What activations do with values that no test signal has: NaN, infinities, the ends of their ranges.
#include <array>
#include <cmath>
#include <limits>

#include <inlay/engine.hpp>
#include "support/backends.hpp"

using namespace inlay;

template <class B>
class ActivationEdges : public ::testing::Test {
 protected:
  using Scalar = typename B::scalar;
  static constexpr Scalar inf = std::numeric_limits<Scalar>::infinity();
  static constexpr Scalar nan = std::numeric_limits<Scalar>::quiet_NaN();

  template <class L>
  static std::array<Scalar, L::in_size> frame(const std::array<Scalar, L::in_size>& x) {
    ModelT<L> m;
    std::array<Scalar, L::in_size> y{};
    m.forward(x, y);
    // A buffer has to agree with a frame.
    std::array<const Scalar*, L::in_size> in;
    std::array<Scalar*, L::in_size> out;
    std::array<Scalar, L::in_size> z{};
    for (std::size_t c = 0; c < L::in_size; ++c) in[c] = &x[c], out[c] = &z[c];
    m.process(in.data(), out.data(), 1);
    for (std::size_t c = 0; c < L::in_size; ++c)
      EXPECT_TRUE(y[c] == z[c] || (y[c] != y[c] && z[c] != z[c]) || std::abs(y[c] - z[c]) < Scalar(1e-6));
    return y;
  }
};
TYPED_TEST_SUITE(ActivationEdges, AllBackends);

TYPED_TEST(ActivationEdges, limits) {
  using B = TypeParam;
  using T = typename B::scalar;
  const std::array<T, 5> x{-this->inf, T(-1e30), T(0), T(1e30), this->inf};
  EXPECT_EQ((this->template frame<ReLU<5, B>>(x)), (std::array<T, 5>{0, 0, 0, T(1e30), this->inf}));
  EXPECT_EQ((this->template frame<HardSigmoid<5, B>>(x)), (std::array<T, 5>{0, 0, T(0.5), 1, 1}));
  EXPECT_EQ((this->template frame<HardSigmoidKeras2<5, B>>(x)), (std::array<T, 5>{0, 0, T(0.5), 1, 1}));
  const auto elu = this->template frame<ELU<5, B>>(x);
  EXPECT_NEAR(elu[0], -1, 1e-6);
  EXPECT_EQ(elu[4], this->inf);
}

TYPED_TEST(ActivationEdges, hard_sigmoid_of_keras_2_has_its_own_slope) {
  using B = TypeParam;
  using T = typename B::scalar;
  EXPECT_NEAR((this->template frame<HardSigmoid<1, B>>({T(1)})[0]), 1.0 / 6 + 0.5, 1e-7);
  EXPECT_NEAR((this->template frame<HardSigmoidKeras2<1, B>>({T(1)})[0]), 0.7, 1e-7);
}

TYPED_TEST(ActivationEdges, nan_stays_nan) {
  using B = TypeParam;
  using T = typename B::scalar;
  const std::array<T, 2> x{this->nan, T(1)};
  const auto only_first = [](const std::array<T, 2>& y) { return std::isnan(y[0]) && !std::isnan(y[1]); };
  EXPECT_TRUE(only_first(this->template frame<ReLU<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<Tanh<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<Sigmoid<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<HardSigmoid<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<LeakyReLU<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<ELU<2, B>>(x)));
}

TYPED_TEST(ActivationEdges, softmax_of_large_values_does_not_overflow) {
  using B = TypeParam;
  using T = typename B::scalar;
  const auto y = this->template frame<Softmax<3, B>>({T(1e4), T(1e4), T(-1e4)});
  EXPECT_NEAR(y[0], 0.5, 1e-6);
  EXPECT_NEAR(y[1], 0.5, 1e-6);
  EXPECT_EQ(y[2], 0);
}

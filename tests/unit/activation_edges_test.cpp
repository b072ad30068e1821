// Activations of values that no test signal has: NaN, infinities, the ends of their ranges.
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <limits>
#include <span>

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
    return frame(m, x);
  }
  template <class L>
  static std::array<Scalar, L::in_size> frame(ModelT<L>& m, const std::array<Scalar, L::in_size>& x) {
    std::array<Scalar, L::in_size> y{};
    m.forward(x, y);
    // A buffer must give the same as a frame.
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
TYPED_TEST_SUITE(ActivationEdges, OneBackend);

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
  // Activations that multiply by a gate, which is 0 at -infinity.
  EXPECT_EQ((this->template frame<SiLU<5, B>>(x)), (std::array<T, 5>{0, 0, 0, T(1e30), this->inf}));
  EXPECT_EQ((this->template frame<GELU<5, B>>(x)), (std::array<T, 5>{0, 0, 0, T(1e30), this->inf}));
  EXPECT_EQ((this->template frame<TanhGELU<5, B>>(x)), (std::array<T, 5>{0, 0, 0, T(1e30), this->inf}));
  EXPECT_EQ((this->template frame<HardSwish<5, B>>(x)), (std::array<T, 5>{0, 0, 0, T(1e30), this->inf}));
  EXPECT_EQ((this->template frame<Mish<5, B>>(x)), (std::array<T, 5>{0, 0, 0, T(1e30), this->inf}));
  EXPECT_EQ((this->template frame<Abs<5, B>>(x)), (std::array<T, 5>{this->inf, T(1e30), 0, T(1e30), this->inf}));
  const auto selu = this->template frame<SELU<5, B>>(x);
  EXPECT_NEAR(selu[0], -1.7580993, 1e-6);
  EXPECT_EQ(selu[4], this->inf);
  const auto softplus = this->template frame<Softplus<5, B>>(x);
  EXPECT_EQ(softplus[0], 0);
  EXPECT_EQ(softplus[1], 0);
  EXPECT_NEAR(softplus[2], std::log(T(2)), 1e-7);
  EXPECT_EQ(softplus[3], T(1e30));
  EXPECT_EQ(softplus[4], this->inf);
  EXPECT_EQ((this->template frame<Hardtanh<5, B>>(x)), (std::array<T, 5>{-1, -1, 0, 1, 1}));
  EXPECT_EQ((this->template frame<Softsign<5, B>>(x)), (std::array<T, 5>{-1, -1, 0, 1, 1}));
  const auto level = this->template frame<FastTanh<5, B>>(x);
  EXPECT_NEAR(level[0], -1.0081, 1e-4);
  EXPECT_EQ(level[2], 0);
  EXPECT_EQ(level[3], -level[0]);
  EXPECT_EQ(level[4], -level[0]);
  const auto leaky = this->template frame<LeakyHardtanh<5, B>>(x);
  EXPECT_EQ(leaky[0], -this->inf);
  EXPECT_NEAR(leaky[3], 1e28, 1e22);
  EXPECT_EQ(leaky[4], this->inf);
}

TYPED_TEST(ActivationEdges, softplus_is_linear_above_its_threshold_only) {
  using B = TypeParam;
  using T = typename B::scalar;
  ModelT<Softplus<3, B>> m;
  ASSERT_TRUE(assign(m.template layer<0>(), "beta", {T(2)}));
  ASSERT_TRUE(assign(m.template layer<0>(), "threshold", {T(1)}));
  const auto y = this->frame(m, {T(0.5), T(0.5) + T(1e-6), T(-3)});
  EXPECT_NEAR(y[0], std::log1p(std::exp(T(1))) / 2, 1e-6);
  EXPECT_EQ(y[1], T(0.5) + T(1e-6));
  EXPECT_NEAR(y[2], std::log1p(std::exp(T(-6))) / 2, 1e-9);
}

TYPED_TEST(ActivationEdges, snake_is_the_identity_where_alpha_is_0) {
  using B = TypeParam;
  using T = typename B::scalar;
  ModelT<Snake<4, B>> m;
  ASSERT_TRUE(assign(m.template layer<0>(), "alpha", {T(0), -T(0), std::numeric_limits<T>::denorm_min(), T(1e-30)}));
  const std::array<T, 4> x{T(3), T(-3), T(5), T(7)};
  EXPECT_EQ(this->frame(m, x), x);
}

TYPED_TEST(ActivationEdges, snake_is_accurate_as_far_as_its_sine_is) {
  using B = TypeParam;
  using T = typename B::scalar;
  const std::array<T, 5> alpha{T(0.01), T(0.3), T(1), T(-2), T(7.3)};
  ModelT<Snake<5, B>> m;
  ASSERT_TRUE(assign(m.template layer<0>(), "alpha", std::span<const T>(alpha)));
  const double range = std::same_as<T, float> ? 5e4 : 3e6;
  std::array<T, 5> x{}, y{};
  for (int i = 0; i < 30000; ++i) {
    const double u = i / 30000.0, z = i % 2 ? range * u : range * std::pow(10, -10 * u), sign = i % 4 < 2 ? -1 : 1;
    for (std::size_t c = 0; c < 5; ++c) x[c] = static_cast<T>(0.999 * sign * z / double(alpha[c]));
    m.forward(x, y);
    for (std::size_t c = 0; c < 5; ++c) {
      const long double a = alpha[c], wave = std::sin(a * x[c]), wanted = x[c] + wave * wave / a;
      const long double unit = std::same_as<T, float> ? 1e-6L : 3e-15L;
      ASSERT_LE(std::abs(y[c] - wanted), unit * std::max(1.0L, std::abs(wanted))) << alpha[c] << " * " << x[c];
    }
  }
}

TYPED_TEST(ActivationEdges, snake_of_anything_stays_near_it) {
  using B = TypeParam;
  using T = typename B::scalar;
  ModelT<Snake<6, B>> m;
  const T alpha[] = {2, 2, 2, 2, 2, 2};
  ASSERT_TRUE(assign(m.template layer<0>(), "alpha", alpha));
  const auto y = this->frame(m, {-this->inf, T(-1e30), T(4900.7), T(1e6), T(1e30), this->inf});
  EXPECT_EQ(y[0], -this->inf);
  EXPECT_EQ(y[1], T(-1e30));
  const double x = double(T(4900.7)), wave = std::sin(2 * x);
  EXPECT_NEAR(y[2], x + wave * wave / 2, 1e-7 * x);
  EXPECT_NEAR(y[3], 1e6 + 0.25, 0.3);
  EXPECT_EQ(y[4], T(1e30));
  EXPECT_EQ(y[5], this->inf);
}

TYPED_TEST(ActivationEdges, snake_is_the_identity_where_beta_is_0) {
  using B = TypeParam;
  using T = typename B::scalar;
  ModelT<SnakeBeta<2, B>> m;
  ASSERT_TRUE(assign(m.template layer<0>(), "alpha", {T(2), T(2)}));
  ASSERT_TRUE(assign(m.template layer<0>(), "beta", {T(0), T(0.5)}));
  const auto y = this->frame(m, {T(3), T(3)});
  EXPECT_EQ(y[0], T(3));
  EXPECT_NEAR(y[1], 3 + 2 * std::sin(6.0) * std::sin(6.0), 1e-6);
}

TYPED_TEST(ActivationEdges, sqrt_is_correctly_rounded_and_nan_below_zero) {
  using B = TypeParam;
  using T = typename B::scalar;
  const auto y = this->template frame<Sqrt<6, B>>({T(2), T(0), this->inf, T(-1), T(1e-30), T(1e30)});
  EXPECT_EQ(y[0], std::sqrt(T(2)));
  EXPECT_EQ(y[1], T(0));
  EXPECT_EQ(y[2], this->inf);
  EXPECT_TRUE(std::isnan(y[3]));
  EXPECT_EQ(y[4], std::sqrt(T(1e-30)));
  EXPECT_EQ(y[5], std::sqrt(T(1e30)));
}

/// Version A takes the magnitude of each term, version B that of their sum.
TYPED_TEST(ActivationEdges, rational_of_both_versions) {
  using B = TypeParam;
  using T = typename B::scalar;
  ModelT<SharedRational<2, 1, 2, B>> a;
  ModelT<BasicRational<2, 1, 1, 2, RationalB, B>> b;
  const auto set = [](auto& model) {
    return assign(model.template layer<0>(), "numerator", {T(1), T(2)}) &&
           assign(model.template layer<0>(), "denominator", {T(-1), T(1)});
  };
  ASSERT_TRUE(set(a) && set(b));
  const auto of_a = this->frame(a, {T(2), T(-2)}), of_b = this->frame(b, {T(2), T(-2)});
  EXPECT_NEAR(of_a[0], 5.0 / 7, 1e-7);
  EXPECT_NEAR(of_a[1], -3.0 / 7, 1e-7);
  EXPECT_NEAR(of_b[0], 5.0 / 3, 1e-6);
  EXPECT_NEAR(of_b[1], -3.0 / 7, 1e-7);
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
  EXPECT_TRUE(only_first(this->template frame<Softplus<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<SiLU<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<GELU<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<TanhGELU<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<Hardtanh<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<LeakyHardtanh<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<HardSwish<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<Softsign<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<FastTanh<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<Scale<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<SELU<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<Mish<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<Sine<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<Abs<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<Sqrt<2, B>>(x)));
  EXPECT_TRUE(only_first(this->template frame<Snake<2, B>>(x)));
}

/// Activations that use mathematical functions, against long double, from the smallest number to the largest.
TYPED_TEST(ActivationEdges, accuracy_is_that_of_the_mathematics) {
  using B = TypeParam;
  using T = typename B::scalar;
  const auto expect = [](auto model, auto exact) {
    typename decltype(model)::State state;
    constexpr std::size_t size = decltype(model)::in_size;
    std::array<T, size> x{}, y{};
    for (int i = 0; i < 30000; ++i) {
      for (std::size_t c = 0; c < size; ++c) {
        const double u = (i + 0.3 * double(c)) / 30000, sign = i % 2 ? -1 : 1;
        x[c] = static_cast<T>(sign * (c % 2 ? 25 * u : std::pow(10, 50 * u - 38)));
      }
      model.forward(state, x, y);
      for (std::size_t c = 0; c < size; ++c) {
        const long double wanted = exact(static_cast<long double>(x[c]));
        const long double unit = std::same_as<T, float> ? 3e-7L : 1e-15L;
        ASSERT_LE(std::abs(static_cast<long double>(y[c]) - wanted), unit * std::max(1.0L, std::abs(wanted))) << x[c];
      }
    }
  };
  using L = long double;
  const L root = std::sqrt(0.5L), slope = std::sqrt(2 / std::acos(-1.0L));
  expect(ModelT<Mish<3, B>>{}, [](L x) { return x * std::tanh(std::log1p(std::exp(x))); });
  expect(ModelT<SiLU<3, B>>{}, [](L x) { return x / (1 + std::exp(-x)); });
  expect(ModelT<GELU<3, B>>{}, [=](L x) { return x * std::erfc(-x * root) / 2; });
  expect(ModelT<TanhGELU<3, B>>{}, [=](L x) { return x / (1 + std::exp(-2 * slope * (x + 0.044715L * x * x * x))); });
  expect(ModelT<Softplus<3, B>>{}, [](L x) { return x > 20 ? x : std::log1p(std::exp(x)); });
}

TYPED_TEST(ActivationEdges, softmax_of_large_values_does_not_overflow) {
  using B = TypeParam;
  using T = typename B::scalar;
  const auto y = this->template frame<Softmax<3, B>>({T(1e4), T(1e4), T(-1e4)});
  EXPECT_NEAR(y[0], 0.5, 1e-6);
  EXPECT_NEAR(y[1], 0.5, 1e-6);
  EXPECT_EQ(y[2], 0);
}

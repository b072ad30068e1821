// Mathematical functions of every backend against a wider type, over all exponents.
#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/backends.hpp"

using namespace inlay;

namespace {

template <class T>
using Bits = std::conditional_t<std::same_as<T, float>, std::uint32_t, std::uint64_t>;

/// The type that exact values are computed in. Where long double is no wider than double, the C library's functions
/// have to be accurate enough.
template <class T>
using Wide = std::conditional_t<std::same_as<T, float>, double, long double>;

/// Values of both signs in every binade, denormals included, and dense values where the functions are curved.
template <class T>
std::vector<T> sweep() {
  std::vector<T> x;
  constexpr int bits = std::same_as<T, float> ? 23 : 52;
  constexpr Bits<T> exponents = std::same_as<T, float> ? 255 : 2047;
  for (Bits<T> e = 0; e < exponents; ++e)
    for (Bits<T> k = 0; k < 64; ++k) {
      const auto fraction = static_cast<Bits<T>>(std::uint64_t{k} * 0x9E3779B97F4A7C15u >> (64 - bits));
      x.push_back(inlay::internal::bit_cast<T>((e << bits) | fraction));
      x.push_back(-x.back());
    }
  for (int i = -400000; i <= 400000; ++i) x.push_back(static_cast<T>(i) / 16000);  // -25 .. 25
  for (int i = -400000; i <= 400000; ++i) x.push_back(static_cast<T>(i) / 500);    // -800 .. 800
  for (T special :
       {T(0), -T(0), std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
        std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::max()})
    x.push_back(special);
  while (x.size() % 64 != 0) x.push_back(0);
  return x;
}

template <class B, std::size_t Lanes, class F>
std::vector<typename B::scalar> map(const std::vector<typename B::scalar>& x, F f) {
  std::vector<typename B::scalar> y(x.size());
  for (std::size_t i = 0; i < x.size(); i += Lanes) B::store(y.data() + i, f(B::template load<Lanes>(x.data() + i)));
  return y;
}

/// Error in units in the last place (ulp) of the exact value in that type.
template <class T>
Wide<T> ulps(T y, Wide<T> exact) {
  const T near = static_cast<T>(std::abs(exact));
  const Wide<T> ulp = static_cast<Wide<T>>(std::nextafter(near, std::numeric_limits<T>::infinity())) - near;
  return std::abs(static_cast<Wide<T>>(y) - exact) / ulp;
}

enum class Bound { absolute, relative, ulps };

template <class B>
class MathTest : public ::testing::Test {
 protected:
  using T = typename B::scalar;
  using Exact = Wide<T>;

#if defined(__EMSCRIPTEN__)
  void SetUp() override {
    if (std::same_as<T, double>) GTEST_SKIP() << "musl's functions of long double are those of double";
  }
#endif

  /// The vector registers of 32-bit ARM take denormal floats for zero, as input and as output.
#if defined(__arm__)
  static constexpr bool has_no_denormals = std::same_as<T, float> && B::width > 1;
#else
  static constexpr bool has_no_denormals = false;
#endif

  static constexpr T inf = std::numeric_limits<T>::infinity();

  /// The documented error: `lossy` if not 0; otherwise 3e-7 in float, and a number of ulp in double and with
  /// Bound::ulps. Values are from `least` to `most`, for x from `from` to `to` and for NaN. With `zero_for_denormals` a
  /// result below the normal numbers may be zero.
  struct Promise {
    Bound bound;
    T least, most, from = -inf, to = inf;
    Exact (*ulps)(Exact x) = [](Exact) { return Exact(4); };
    Exact lossy = 0;
    bool zero_for_denormals = has_no_denormals;
  };

  template <class F, class Function>
  void compare(F f, Function exact, const Promise& promise) {
    std::vector<T> x = sweep<T>();
    for (T& value : x)
      if (value < promise.from || value > promise.to) value = promise.to;
    check(x, map<B, B::width>(x, f), exact, promise);
    constexpr std::size_t small = B::lanes(1);  // the smallest register has another type
    if constexpr (small != B::width) check(x, map<B, small>(x, f), exact, promise);
  }

 private:
  template <class Function>
  void check(const std::vector<T>& x, const std::vector<T>& y, Function exact, const Promise& promise) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::isnan(x[i])) {
        ASSERT_TRUE(std::isnan(y[i]));
        continue;
      }
      ASSERT_TRUE(y[i] >= promise.least && y[i] <= promise.most) << "out of range at " << x[i] << ": " << y[i];
      const Exact wanted = exact(static_cast<Exact>(x[i]));
      if (promise.zero_for_denormals && y[i] == 0 && std::abs(wanted) < std::numeric_limits<T>::min()) continue;
      if (wanted > static_cast<Exact>(std::numeric_limits<T>::max())) {
        ASSERT_TRUE(std::isinf(y[i]) || ulps(y[i], std::numeric_limits<T>::max()) < 4) << x[i];
      } else if (promise.lossy > 0) {
        ASSERT_LE(std::abs(static_cast<Exact>(y[i]) - wanted), promise.lossy) << "at " << x[i] << ": " << y[i];
      } else if (std::same_as<T, double> || promise.bound == Bound::ulps) {
        ASSERT_LE(ulps(y[i], wanted), promise.ulps(x[i])) << "at " << x[i] << ": " << y[i];
      } else {
        const Exact scale =
            promise.bound == Bound::absolute ? 1 : std::max(wanted, static_cast<Exact>(std::numeric_limits<T>::min()));
        ASSERT_LE(std::abs(static_cast<Exact>(y[i]) - wanted), Exact(3e-7) * scale) << "at " << x[i] << ": " << y[i];
      }
    }
  }
};
TYPED_TEST_SUITE(MathTest, EachBackend);

/// For x below zero in the form that does not overflow.
constexpr auto exact_sigmoid = [](auto x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); };

}  // namespace

TYPED_TEST(MathTest, tanh) {
  this->compare([](auto x) { return math::Accurate::tanh<TypeParam>(x); }, [](auto x) { return std::tanh(x); },
                {Bound::absolute, -1, 1});
}
TYPED_TEST(MathTest, sigmoid) {
  this->compare([](auto x) { return math::Accurate::sigmoid<TypeParam>(x); }, exact_sigmoid,
                {.bound = Bound::absolute, .least = 0, .most = 1, .zero_for_denormals = true});
}
TYPED_TEST(MathTest, exp) {
  this->compare([](auto x) { return math::Accurate::exp<TypeParam>(x); }, [](auto x) { return std::exp(x); },
                {Bound::relative, 0, this->inf});
}

TYPED_TEST(MathTest, sigmoid_relative) {
  this->compare([](auto x) { return math::Accurate::sigmoid_relative<TypeParam>(x); }, exact_sigmoid,
                {.bound = Bound::relative, .least = 0, .most = 1, .zero_for_denormals = true});
}
TYPED_TEST(MathTest, log1p) {
  this->compare([](auto x) { return math::Accurate::log1p<TypeParam>(x); }, [](auto x) { return std::log1p(x); },
                {Bound::relative, 0, 1, 0, 1});
}
TYPED_TEST(MathTest, normal_cdf) {
  this->compare([](auto x) { return math::Accurate::normal_cdf<TypeParam>(x); },
                [](auto x) { return std::erfc(-x * std::sqrt(decltype(x)(0.5))) / 2; },
                {.bound = Bound::ulps, .least = 0, .most = 1, .ulps = [](auto x) {
                   // The product with sqrt(1/2) is rounded: the exact value is off by up to 2 x^2 ulp in no wider type.
                   constexpr bool wider = sizeof(x) > sizeof(typename TypeParam::scalar);
                   return x < 0 ? 6 + x * x * (wider ? 1 : 3) : decltype(x)(4);
                 }});
}
static double exact_sine(double x) { return std::sin(x); }
/// The function of Windows uses π rounded to 66 bits, which is not accurate enough far from zero.
[[maybe_unused]] static long double exact_sine(long double x) {
  if constexpr (std::numeric_limits<long double>::digits < 64) return std::sin(x);  // no room for the products below
  const long double half_turns = std::nearbyint(x / 3.14159265358979323846L);
  const long double rest = x - half_turns * 0x3.243F6A8885p0L - half_turns * 0xA308D31319p-80L;
  const long double sine = std::sin(rest - half_turns * 0x8A2E03707344p-128L);
  return std::fmod(half_turns, 2) == 0 ? sine : -sine;
}

TYPED_TEST(MathTest, sin) {
  using Scalar = typename TypeParam::scalar;
  const auto sine = [](auto x) { return math::Accurate::sin<TypeParam>(x); };
  const Scalar range = std::same_as<Scalar, float> ? Scalar(5e4) : Scalar(3e6);
  const Scalar most = 1 + 2 * std::numeric_limits<Scalar>::epsilon();
  this->compare(sine, [](auto v) { return exact_sine(v); }, {Bound::absolute, -most, most, -range, range});

  std::vector<Scalar> x;  // dense over the range, and as near as possible to the zeros of the sine
  for (int i = -200000; i < 200000; ++i) x.push_back(static_cast<Scalar>(i) / 200000 * range);
  const long double pi = std::acos(-1.0L), step = std::floor(range / (15872 * pi)) * pi;
  for (int i = -15872; i < 15872; ++i) x.push_back(static_cast<Scalar>(i * step));
  const std::vector<Scalar> y = map<TypeParam, TypeParam::width>(x, sine);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto wanted = exact_sine(static_cast<Wide<Scalar>>(x[i]));
    if constexpr (std::same_as<Scalar, float>) ASSERT_NEAR(y[i], wanted, 3e-7) << x[i];
    else ASSERT_LE(ulps(y[i], wanted), 4) << x[i];
  }

  std::vector<Scalar> beyond{this->inf, -this->inf, std::numeric_limits<Scalar>::max(), Scalar(1e9), Scalar(-1e12)};
  beyond.resize(16);
  for (const Scalar value : map<TypeParam, TypeParam::width>(beyond, sine)) EXPECT_LE(std::abs(value), most);
}

template <class Math, class B>
void expect_odd_and_monotonic() {
  using Scalar = typename B::scalar;
  std::vector<Scalar> x;
  for (int i = 0; i < 64 * 4000; ++i) x.push_back(static_cast<Scalar>(i) / 25600);
  const auto tanh = [](auto v) { return Math::template tanh<B>(v); };
  const std::vector<Scalar> y = map<B, B::width>(x, tanh);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = -x[i];
  const std::vector<Scalar> minus = map<B, B::width>(x, tanh);
  for (std::size_t i = 1; i < y.size(); ++i) {
    ASSERT_EQ(minus[i], -y[i]);
    ASSERT_GE(y[i], y[i - 1] - 4 * std::numeric_limits<Scalar>::epsilon());
  }
}
TYPED_TEST(MathTest, tanh_is_odd_and_monotonic_enough) { expect_odd_and_monotonic<math::Accurate, TypeParam>(); }

TYPED_TEST(MathTest, fast_tanh) {
  this->compare([](auto x) { return math::Fast::tanh<TypeParam>(x); }, [](auto x) { return std::tanh(x); },
                {.bound = Bound::absolute, .least = -1, .most = 1, .lossy = 3e-5});
  expect_odd_and_monotonic<math::Fast, TypeParam>();
}
TYPED_TEST(MathTest, fast_sigmoid) {
  this->compare([](auto x) { return math::Fast::sigmoid<TypeParam>(x); }, [](auto x) { return 1 / (1 + std::exp(-x)); },
                {.bound = Bound::absolute, .least = 0, .most = 1, .lossy = 2e-5});
}
// The tables of processors without vectors. All processors can compute them.
template <int PerUnit, int Bound>
struct Table {
  template <class B>
  static float tanh(float x) {
    return math::tanh_table<B, PerUnit, Bound>(x);
  }
};
class TanhTableTest : public MathTest<LoopBackend<float>> {};
TEST_F(TanhTableTest, accurate) {
  using Large = Table<12, 8>;
  compare([](float x) { return Large::tanh<LoopBackend<float>>(x); }, [](double x) { return std::tanh(x); },
          {.bound = Bound::absolute, .least = -1, .most = 1});
  expect_odd_and_monotonic<Large, LoopBackend<float>>();
}
TEST_F(TanhTableTest, fast) {
  using Small = Table<6, 6>;
  compare([](float x) { return Small::tanh<LoopBackend<float>>(x); }, [](double x) { return std::tanh(x); },
          {.bound = Bound::absolute, .least = -1, .most = 1, .lossy = 3e-5});
  expect_odd_and_monotonic<Small, LoopBackend<float>>();
  for (int i = 1; i < 64; ++i) {
    const float x = std::ldexp(1.0f, -i - 3);
    EXPECT_NEAR((Small::tanh<LoopBackend<float>>(x)) / std::tanh(x), 1, 3e-5) << x;
  }
}

TYPED_TEST(MathTest, fast_tanh_near_zero) {
  using Scalar = typename TypeParam::scalar;
  std::vector<Scalar> x;
  for (int i = 0; i < 64; ++i) x.push_back(static_cast<Scalar>(std::ldexp(1, -i - 5)));
  const auto y = map<TypeParam, TypeParam::width>(x, [](auto v) { return math::Fast::tanh<TypeParam>(v); });
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i] / std::tanh(x[i]), 1, 3e-5) << x[i];
}

// FIR: long filters against PyTorch and against the defining sum.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include <inlay/core/dynamic.hpp>
#include <inlay/engine.hpp>
#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

namespace {

/// Visitor that sizes a FIR of dynamic length and sets its weights.
template <class T>
struct SetTaps {
  const std::vector<T>& kernel;
  T bias;
  void option(std::string_view, const std::size_t&) const {}
  template <class Of>
  void option(std::string_view name, Extent<dynamic, Of>& extent, std::size_t = 0) const {
    extent.value = name == "kernel_size" ? kernel.size() : 1;
  }
  void tensor(std::string_view, auto& x) const {
    x.allocate();
    for (std::size_t i = 0; i < kernel.size(); ++i) x.set(i, kernel[i]);
  }
  void optional_tensor(std::string_view, auto& x, auto) const { x.set(0, bias); }
};

/// A FIR of any length, and a state.
template <class B>
class Filter {
 public:
  using T = typename B::scalar;

  Filter(const std::vector<T>& kernel, T bias) {
    SetTaps<T> set{kernel, bias};
    layer_.visit(set);
    layer_.prepare();
    layer_.resize(state_);
  }
  void reset() { layer_.reset(state_); }
  /// Runs a signal in buffers of the sizes `cuts`, repeated. A size of 0 is a call of `forward`.
  std::vector<T> run(const std::vector<T>& x, const std::vector<std::size_t>& cuts) {
    std::vector<T> y(x.size());
    AlignedArray<T, tile_frames> in, out;
    for (std::size_t t = 0, cut = 0; t < x.size(); ++cut) {
      const std::size_t size = cuts[cut % cuts.size()], count = std::min(std::max<std::size_t>(size, 1), x.size() - t);
      if (size == 0) {
        layer_.forward(state_, &x[t], out.data());
        y[t++] = *out.data();
      } else {  // a buffer becomes tiles, as in a model
        for (const std::size_t end = t + count; t < end;) {
          const std::size_t frames = std::min(end - t, tile_frames);
          std::copy_n(&x[t], frames, in.data());
          layer_.process(state_, Block<const T>(in.data()), Block<T>(out.data()), frames);
          std::copy_n(out.data(), frames, &y[t]);
          t += frames;
        }
      }
    }
    return y;
  }

 private:
  FIR<dynamic, B> layer_;
  typename FIR<dynamic, B>::State state_;
};

template <class T>
std::vector<T> noise(std::size_t size, unsigned seed, double scale = 1) {
  std::mt19937 random(seed);
  std::vector<T> values(size);
  for (T& x : values) x = static_cast<T>(scale * (static_cast<double>(random()) / 2147483648.0 - 1));
  return values;
}

template <class T>
double sum(const std::vector<T>& kernel, const std::vector<T>& x, std::size_t t) {
  double y = 0;
  for (std::size_t back = 0; back < kernel.size() && back <= t; ++back)
    y += static_cast<double>(kernel[kernel.size() - 1 - back]) * static_cast<double>(x[t - back]);
  return y;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// Lengths at which the form changes, and their neighbours; lengths that fill partitions, and random ones.
std::vector<std::size_t> lengths(unsigned seed) {
  std::vector<std::size_t> all{1, 2, 15, 16, 17, 128, 224, 225, 226, 256, 257, 3072, 3073, 3074, 3584, 3585};
  std::mt19937 random(seed);
  for (std::size_t most : {300u, 3000u, 8000u, 20000u}) all.push_back(1 + random() % most);
  return all;
}

/// Tolerance relative to the peak of the output. That of double includes the rounding of the sums here.
template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 1e-6 : 2e-14;

}  // namespace

template <class B>
class FIRTest : public ::testing::Test {};
TYPED_TEST_SUITE(FIRTest, EachBackend);

TYPED_TEST(FIRTest, has_the_output_of_the_sum) {
  using T = typename TypeParam::scalar;
  for (const std::size_t taps : lengths(TypeParam::width + sizeof(T))) {
    SCOPED_TRACE(taps);
    const auto kernel = noise<T>(taps, 1, 1 / std::sqrt(static_cast<double>(taps)));
    const auto x = noise<T>(taps + 2500, 2);
    Filter<TypeParam> filter(kernel, T(0.25));
    const auto y = filter.run(x, {64});
    double worst = 0, peak = 0;
    // A step that is no divisor of any size.
    for (std::size_t t = 0; t < x.size(); t += 1 + taps / 100) {
      const double wanted = 0.25 + sum(kernel, x, t);
      worst = std::max(worst, std::abs(static_cast<double>(y[t]) - wanted)), peak = std::max(peak, std::abs(wanted));
    }
    EXPECT_LT(worst, tolerance<T> * peak);
  }
}

TYPED_TEST(FIRTest, has_the_same_bits_for_all_cuts) {
  using T = typename TypeParam::scalar;
  for (const std::size_t taps : {9u, 200u, 700u, 3500u}) {
    SCOPED_TRACE(taps);
    const auto x = noise<T>(taps + 2500, 3);
    Filter<TypeParam> filter(noise<T>(taps, 4), T(0.5));
    const auto whole = filter.run(x, {x.size()});
    for (const std::vector<std::size_t>& cuts : std::vector<std::vector<std::size_t>>{
             {0}, {1}, {7}, {16}, {64}, {100}, {512}, {1, 7, 64, 3, 130, 0, 33}, {0, 0, 15, 1, 48}}) {
      filter.reset();
      EXPECT_TRUE(same_bits(filter.run(x, cuts), whole)) << "cut " << cuts[0];
    }
  }
}

// The output is the kernel, wherever an impulse is in a partition.
TYPED_TEST(FIRTest, repeats_the_kernel_after_an_impulse) {
  using T = typename TypeParam::scalar;
  constexpr std::size_t taps = 3600;
  const auto kernel = noise<T>(taps, 5);
  Filter<TypeParam> filter(kernel, 0);
  for (std::size_t at = 0; at < 1100; at += at < 66 ? 1 : 47) {
    std::vector<T> x(at + taps + 70);
    x[at] = 1;
    filter.reset();
    const auto y = filter.run(x, {64});
    double worst = 0;
    for (std::size_t t = 0; t < x.size(); ++t) {
      const bool inside = t >= at && t < at + taps;
      const T wanted = inside ? kernel[taps - 1 - (t - at)] : T(0);
      worst = std::max(worst, std::abs(static_cast<double>(y[t] - wanted)));
    }
    EXPECT_LT(worst, tolerance<T>) << "impulse at " << at;
  }
}

// A NaN does not reach frames before it, and is forgotten.
TYPED_TEST(FIRTest, forgets_what_is_not_a_number) {
  using T = typename TypeParam::scalar;
  constexpr std::size_t taps = 3200, at = 1357;
  auto x = noise<T>(at + taps + 3000, 6);
  Filter<TypeParam> filter(noise<T>(taps, 7), 0);
  const auto clean = filter.run(x, {64});
  x[at] = std::numeric_limits<T>::quiet_NaN();
  filter.reset();
  auto y = filter.run(x, {100});
  EXPECT_TRUE(std::equal(y.begin(), y.begin() + at, clean.begin()));
  EXPECT_TRUE(std::isnan(y[at]) && std::isnan(y[at + taps - 1]));
  constexpr std::size_t spread = at + taps + 2 * 512;
  EXPECT_TRUE(std::all_of(y.begin() + spread, y.end(), [](T value) { return std::isfinite(value); }));
  filter.reset();
  x[at] = 0;
  const auto after_reset = filter.run(x, {64});
  filter.reset();
  EXPECT_TRUE(same_bits(after_reset, filter.run(x, {64})));
}

template <class B>
class TypedFIRTest : public ::testing::Test {};
TYPED_TEST_SUITE(TypedFIRTest, OneBackend);

TYPED_TEST(TypedFIRTest, is_pytorchs_conv1d) { golden<ModelT<FIR<500, TypeParam>>>("conv1d_1_1_k500", single_layer); }
TYPED_TEST(TypedFIRTest, is_direct_if_it_is_short) {
  golden<ModelT<FIR<150, TypeParam>>>("conv1d_1_1_k150_nobias", single_layer);
}

namespace {

constexpr std::size_t constant_taps = 300;
constexpr std::array<float, constant_taps> constant_kernel = [] {
  std::array<float, constant_taps> kernel{};
  for (std::size_t i = 0; i < kernel.size(); ++i) kernel[i] = static_cast<float>(i * i % 37) / 18 - 1;
  return kernel;
}();
constexpr auto set_constants = [](auto& layers) {
  return assign(layers.template layer<0>(), "kernel", std::span<const float>(constant_kernel));
};
constexpr auto constants = constant_layers<Sequential<FIR<constant_taps>>>(set_constants);

}  // namespace

TEST(ConstantFIR, has_the_same_bits) {
  ModelT<FIR<constant_taps>> model;
  ASSERT_TRUE(set_constants(model.layers()));
  ConstantModel<constants> constant;
  for (const float x : noise<float>(1000, 8)) ASSERT_EQ(model.forward(x), constant.forward(x));
}

// --- the work of a step -------------------------------------------------------------------------------------------

/// Costs of all steps of a part. Expects each unit once, in order, and the last one in the last step.
std::vector<std::size_t> costs_of_steps(const detail::FIRPart& part) {
  detail::FIRProgress progress;
  std::vector<std::size_t> costs;
  std::size_t next = 0;
  for (std::size_t step = 0; step < part.steps(); ++step) {
    std::size_t cost = 0;
    progress.advance(part, step, [&](std::size_t unit) {
      EXPECT_EQ(unit, next++);
      if (unit + 1 == part.units()) {
        EXPECT_EQ(step + 1, part.steps());
      }
      cost += part.cost(unit);
    });
    costs.push_back(cost);
  }
  EXPECT_EQ(next, part.units());
  return costs;
}

TEST(FIRPlan, spreads_the_work_over_blocks) {
  for (const std::size_t taps : {225u, 300u, 512u, 1024u, 2048u, 3072u, 3073u, 4096u, 8192u, 16384u, 100000u}) {
    SCOPED_TRACE(taps);
    const detail::FIRPlan plan = detail::fir_plan(taps);
    std::vector<std::size_t> blocks(512 / 64);  // of 64 frames, without the direct product, which is the same in all
    for (std::size_t i = 0; i < plan.part_count; ++i) {
      const auto costs = costs_of_steps(plan.parts[i]);
      for (std::size_t step = 0; step < 512 / detail::fir_step; ++step)
        blocks[step * detail::fir_step / 64] += costs[step % costs.size()];
    }
    std::sort(blocks.begin(), blocks.end());
    EXPECT_LE(blocks.back(), 2 * blocks[blocks.size() / 2]);
  }
}

TEST(FIRPlan, has_every_tap_once) {
  for (std::size_t taps = 1; taps < 20000; taps += 1 + taps / 64) {
    const detail::FIRPlan plan = detail::fir_plan(taps);
    std::size_t end = plan.head;
    for (std::size_t i = 0; i < plan.part_count; ++i) {
      const detail::FIRPart& part = plan.parts[i];
      EXPECT_EQ(part.first, end);
      EXPECT_GE(part.first, 2 * part.size) << "the spectrum is not there in time";
      end += part.size * part.count;
    }
    EXPECT_GE(end, taps);
    EXPECT_LT(end, taps + 512);
  }
}

// python/tests/test_predict.py has the same numbers.
static_assert(FIR<128>::computed_macs == 128 && FIR<500>::computed_macs == 182 && FIR<4096>::computed_macs == 283 &&
              FIR<16384>::computed_macs == 379);
static_assert(FIR<128>::fft_macs == 0 && FIR<500>::fft_macs == 30 && FIR<4096>::fft_macs == 75 &&
              FIR<16384>::fft_macs == 75);
constexpr bool has_values(std::size_t taps, std::size_t weights, std::size_t state) {
  const detail::FIRPlan plan = detail::fir_plan(taps);
  return plan.padded_taps() + plan.weights() == weights && plan.state() + 2 * detail::fir_step == state;
}
static_assert(has_values(200, 224, 496) && has_values(500, 1536, 1424) && has_values(4096, 14320, 12912));

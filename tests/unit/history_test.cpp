// History: a convolution over signals much longer than its ring, against the sum that defines it.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include <inlay/engine.hpp>
#include "support/backends.hpp"

using namespace inlay;

template <std::size_t Kernel, std::size_t Dilation>
void expect_convolution(const std::vector<std::size_t>& cuts) {
  using Model = ModelT<Conv1D<1, 1, Kernel, Dilation>>;
  constexpr std::size_t frames = 3000;
  std::array<float, Kernel> kernel{};
  for (std::size_t k = 0; k < Kernel; ++k) kernel[k] = static_cast<float>(std::cos(1.7 * static_cast<double>(k) + 0.3));
  std::vector<float> x(frames), y(frames);
  for (std::size_t t = 0; t < frames; ++t)
    x[t] = static_cast<float>(std::sin(0.37 * static_cast<double>(t * t % 1009)));
  const auto model = std::make_unique<Model>();
  ASSERT_TRUE(assign(model->template layer<0>(), "kernel", std::span<const float>(kernel)));
  for (std::size_t t = 0, cut = 0; t < frames; ++cut) {
    const std::size_t count = std::min(cuts[cut % cuts.size()], frames - t);
    if (count == 1) y[t] = model->forward(x[t]);
    else model->process(std::span<const float>(x).subspan(t, count), std::span<float>(y).subspan(t, count));
    t += count;
  }
  for (std::size_t t = 0; t < frames; ++t) {
    double wanted = 0;
    for (std::size_t k = 0; k < Kernel; ++k) {
      const std::size_t back = (Kernel - 1 - k) * Dilation;
      if (back <= t) wanted += static_cast<double>(kernel[k]) * static_cast<double>(x[t - back]);
    }
    ASSERT_NEAR(y[t], wanted, 2e-6) << "frame " << t << ", kernel " << Kernel << ", dilation " << Dilation;
  }
}

// The ring ends inside, before and behind a tile in each of these.
TEST(HistoryTest, tiles_cross_the_end_of_the_ring) {
  for (const std::vector<std::size_t>& cuts :
       std::vector<std::vector<std::size_t>>{{1}, {7}, {50}, {64}, {63, 1}, {100, 1, 3}, {3000}, {1, 64, 64, 33}}) {
    expect_convolution<2, 1>(cuts);
    expect_convolution<3, 31>(cuts);
    expect_convolution<3, 32>(cuts);
    expect_convolution<3, 33>(cuts);
    expect_convolution<5, 100>(cuts);
  }
}

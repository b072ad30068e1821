// History: convolutions over signals much longer than the history, against the defining sum.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include <inlay/engine.hpp>
#include "support/backends.hpp"

using namespace inlay;

// The sum of all channels, each convolved with its own kernel. Buffers have the sizes `cuts`, repeated; a size of 1 is
// a call of `forward`.
template <std::size_t Channels, std::size_t Kernel, std::size_t Dilation>
void expect_convolution(const std::vector<std::size_t>& cuts) {
  using Model = ModelT<Conv1D<Channels, 1, Kernel, Dilation>>;
  constexpr std::size_t frames = 3000;
  std::array<float, Kernel * Channels> kernel{};
  for (std::size_t i = 0; i < kernel.size(); ++i)
    kernel[i] = static_cast<float>(std::cos(1.7 * static_cast<double>(i)));
  std::vector<std::vector<float>> x(Channels, std::vector<float>(frames));
  for (std::size_t c = 0; c < Channels; ++c)
    for (std::size_t t = 0; t < frames; ++t)
      x[c][t] = static_cast<float>(std::sin(0.37 * static_cast<double>((t + 31 * c) * t % 1009)));
  std::vector<float> y(frames);
  const auto model = std::make_unique<Model>();
  ASSERT_TRUE(assign(model->template layer<0>(), "kernel", std::span<const float>(kernel)));
  for (std::size_t t = 0, cut = 0; t < frames; ++cut) {
    const std::size_t count = std::min(cuts[cut % cuts.size()], frames - t);
    std::array<float, Channels> frame;
    std::array<const float*, Channels> in;
    for (std::size_t c = 0; c < Channels; ++c) frame[c] = x[c][t], in[c] = &x[c][t];
    float* const out = &y[t];
    if (count == 1) model->forward(frame, std::span<float, 1>(out, 1));
    else model->process(in.data(), &out, count);
    t += count;
  }
  for (std::size_t t = 0; t < frames; ++t) {
    double wanted = 0;
    for (std::size_t k = 0; k < Kernel; ++k) {
      const std::size_t back = (Kernel - 1 - k) * Dilation;
      for (std::size_t c = 0; back <= t && c < Channels; ++c)
        wanted += static_cast<double>(kernel[k * Channels + c]) * static_cast<double>(x[c][t - back]);
    }
    ASSERT_NEAR(y[t], wanted, 3e-6) << "frame " << t << ", " << Channels << " channels, kernel " << Kernel
                                    << ", dilation " << Dilation;
  }
}

// Frames and tiles in any order. The ring of a long past ends inside, before and after a tile in each case. A past of
// up to 64 frames is stored in another way than a longer one.
template <std::size_t Channels>
void expect_convolutions() {
  for (const std::vector<std::size_t>& cuts : std::vector<std::vector<std::size_t>>{
           {1}, {7}, {50}, {64}, {63, 1}, {100, 1, 3}, {3000}, {1, 64, 64, 33}, {1, 1, 1, 2}, {5, 1, 1, 1, 70, 1}}) {
    expect_convolution<Channels, 2, 1>(cuts);
    expect_convolution<Channels, 3, 8>(cuts);
    expect_convolution<Channels, 3, 31>(cuts);
    expect_convolution<Channels, 3, 32>(cuts);
    expect_convolution<Channels, 3, 33>(cuts);
    expect_convolution<Channels, 5, 100>(cuts);
  }
}

TEST(HistoryTest, one_channel) { expect_convolutions<1>(); }
TEST(HistoryTest, three_channels) { expect_convolutions<3>(); }

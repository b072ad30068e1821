// History: what it returns at every position of its memory, and convolutions over signals much longer than the history,
// against the defining sum.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include <inlay/core/dynamic.hpp>
#include <inlay/engine.hpp>
#include "support/backends.hpp"

using namespace inlay;

// Channel c of frame t.
float value(std::size_t c, std::ptrdiff_t t) {
  return t < 0 ? 0.0f : static_cast<float>(t + 1 + static_cast<std::ptrdiff_t>(c << 20));
}

// Whether a window that starts at frame `start` of the signal has the right frames: every channel, every time back, and
// from there on the frames of a tile, as one run and as later windows.
template <class W>
::testing::AssertionResult holds(const W& window, std::size_t channels, std::size_t past, std::size_t start,
                                 std::size_t frames) {
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t back = 0; back <= past; ++back)
      for (std::size_t i = 0; i < frames; ++i) {
        const float wanted = value(c, static_cast<std::ptrdiff_t>(start + i) - static_cast<std::ptrdiff_t>(back));
        const float in_run = window.at(c, back)[i], later = *window.later(i).from(c).at(0, back);
        const float of_tile = frames == 1 ? wanted : window.from(c).run(back)[i];
        if (in_run != wanted || later != wanted || of_tile != wanted)
          return ::testing::AssertionFailure() << "channel " << c << ", frame " << i << " of the run that starts "
                                               << back << " frames before frame " << start << ", past " << past;
      }
  return ::testing::AssertionSuccess();
}

// Pushes `frames` frames from frame `t` on: one as a frame, more as a tile.
template <class H>
auto push(H& history, std::size_t channels, std::size_t t, std::size_t frames) {
  alignas(alignment) static float frame[padded_frame<float>(3)], tile[3 * tile_frames];
  for (std::size_t c = 0; c < channels; ++c) {
    frame[c] = value(c, static_cast<std::ptrdiff_t>(t));
    for (std::size_t i = 0; i < frames; ++i) tile[c * tile_frames + i] = value(c, static_cast<std::ptrdiff_t>(t + i));
  }
  using Window = decltype(history.push(frame));
  return frames == 1 ? history.push(frame) : Window(history.push(Block<const float>(tile), frames));
}

// From every position of the memory: a tile of every kind of length, another one, and a frame.
template <class H>
void expect_history(H&& history, std::size_t channels, std::size_t past) {
  const std::size_t positions = past + 3 * tile_frames;
  for (const std::size_t first : {std::size_t{1}, std::size_t{7}, tile_frames - 1, tile_frames})
    for (std::size_t position = 0; position < positions; ++position) {
      history.clear();
      std::size_t t = 0;
      // To the position by tiles or by frames: both have to leave the same memory.
      for (const std::size_t step = position % 2 ? 1 : tile_frames; t < position; t += std::min(step, position - t))
        push(history, channels, t, std::min(step, position - t));
      for (const std::size_t frames : {first, tile_frames, std::size_t{1}, first}) {
        ASSERT_TRUE(holds(push(history, channels, t, frames), channels, past, t, frames)) << "position " << position;
        t += frames;
      }
    }
}
template <std::size_t Past>
void expect_histories() {
  expect_history(History<float, 1, Past>{}, 1, Past);
  expect_history(History<float, 3, Past>{}, 3, Past);
  expect_history(History<float, 2, Past, Unbroken>{}, 2, Past);
  for (const bool unbroken : {false, true}) {
    detail::DynamicHistory<float> history;
    history.resize(2, Past, unbroken);
    expect_history(history, 2, Past);
  }
}

TEST(HistoryTest, no_past) { expect_history(History<float, 3, 0>{}, 3, 0); }
TEST(HistoryTest, short_past) {
  expect_histories<1>();
  expect_histories<tile_frames>();
}
TEST(HistoryTest, long_past) {
  expect_histories<tile_frames + 1>();
  expect_histories<2 * tile_frames>();
}

// Kernels that read a channel's past as one run.
TEST(HistoryTest, an_unbroken_past_is_one_run) {
  History<float, 1, 100, Unbroken> history;
  for (std::size_t t = 0; t < 500; ++t) {
    const auto window = push(history, 1, t, 1);
    for (std::size_t back = 0; back <= 100; ++back)
      ASSERT_EQ(window.now[-static_cast<std::ptrdiff_t>(back)],
                value(0, static_cast<std::ptrdiff_t>(t) - static_cast<std::ptrdiff_t>(back)));
  }
}

// A state of a long past holds every frame once: a ring, and a tile and less than two behind it.
static_assert(sizeof(History<float, 1, 1000>) <= (1000 + 4 * tile_frames) * sizeof(float));

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

// The code of docs/networks.md, compiled and run. examples/check_guides.py checks that both are the same.
#include <gtest/gtest.h>

#include <array>
#include <inlay/engine.hpp>
#include <memory>

namespace tcn {

using namespace inlay;

// A block of a temporal convolutional network: a convolution beside a shortcut of one tap.
template <std::size_t In, std::size_t Out, std::size_t Dilation>
using Block = Parallel<Sequential<Conv1D<In, Out, 13, Dilation>, SharedPReLU<Out>>, DenseNoBias<In, Out>>;

using Tcn = ModelT<Block<1, 32, 1>, Block<32, 32, 10>, Block<32, 1, 100>>;
static_assert(Tcn::parameters == 15300 && Tcn::receptive_field == 1333);

}  // namespace tcn

namespace wavenet {

using namespace inlay;

template <std::size_t Size, std::size_t Dilation>
using Layer = ResidualSkip<Sequential<Conv1D<Size, Size, 3, Dilation>, Mixin<DenseNoBias<1, Size>>, Tanh<Size>>,
                           Dense<Size, Size>>;

using Array = Sequential<Layer<8, 1>, Layer<8, 2>, Layer<8, 4>>;
using Head = Sequential<Slice<16, 8, 8>, Dense<8, 1>>;
using WaveNet = ModelT<InputAsCondition<DenseNoBias<1, 8>, Pad<8, 16>, Array, Head>>;

}  // namespace wavenet

namespace {

using namespace inlay;

using Amp = ModelT<AppendCondition<1, 2>, LSTM<3, 20>, Dense<20, 1>>;

// Weights with which the output is a sum of all inputs.
struct Ones {
  void option(auto&&...) {}
  void number(auto&&...) {}
  void tensor(std::string_view, auto& x) {
    for (std::size_t i = 0; i < size_of(x); ++i) x.set(i, 0.03f);
  }
  void optional_tensor(std::string_view name, auto& x, auto) { tensor(name, x); }
  void chain(std::string_view, auto& layers, std::size_t = 0) {
    layers.for_each([&](auto i) { layers.template layer<i>().visit(*this); });
  }
};

template <class Model>
std::unique_ptr<Model> filled() {
  auto model = std::make_unique<Model>();
  Ones ones;
  model->layers().visit(ones);
  return model;
}

TEST(NetworksGuideTest, knobs_may_be_values_or_channels) {
  constexpr std::size_t frames = 100;
  const auto heap = filled<Amp>();
  Amp& amp = *heap;
  const float drive = 0.7f, tone = -0.2f;
  std::array<float, frames> x{}, by_values{}, by_channels{}, by_both{}, drives, tones;
  x[3] = 1;
  drives.fill(drive);
  tones.fill(tone);
  const float *const in[] = {x.data()}, *const channels_of_both[] = {drives.data(), tones.data()};
  const auto render = [&](std::array<float, frames>& to, auto&& process) {
    float* const out[] = {to.data()};
    amp.reset();
    process(out);
  };
  render(by_values, [&](float* const* out) {
    std::array<float, 2> knobs{drive, tone};
    amp.process(in, out, frames, knobs);  // values that hold for the whole call
  });
  render(by_channels, [&](float* const* out) {
    const float* const* channels = channels_of_both;
    amp.process(in, out, frames, channels);  // const float* const*: a value for each frame
  });
  render(by_both, [&](float* const* out) {
    const float* const* channels = channels_of_both;
    std::array<float, 1> one_knob{tone};
    amp.process(in, out, frames, {channels, one_knob});  // first channels, then values
  });
  EXPECT_EQ(by_values, by_channels);
  EXPECT_EQ(by_values, by_both);
  // The same output frame by frame, and another output with another knob.
  amp.reset();
  for (std::size_t t = 0; t < frames; ++t) {
    std::array<float, 1> y{};
    amp.forward(std::array<float, 1>{x[t]}, y, std::array<float, 2>{drive, tone});
    EXPECT_NEAR(y[0], by_values[t], 1e-6);
  }
  std::array<float, frames> other{};
  render(other, [&](float* const* out) { amp.process(in, out, frames, std::array<float, 2>{0.1f, tone}); });
  EXPECT_NE(other, by_values);
}

TEST(NetworksGuideTest, networks_run) {
  const auto a = filled<tcn::Tcn>();
  const auto b = filled<wavenet::WaveNet>();
  EXPECT_NE(a->forward(1.0f), 0);
  EXPECT_NE(b->forward(1.0f), 0);
}

}  // namespace

/// Layers must not allocate, free or lock while they run. Compiled for INLAY_TEST_BACKEND<INLAY_TEST_SCALAR>.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <inlay/backend/all.hpp>
#include <inlay/engine.hpp>
#include <memory>
#include <utility>

#include "realtime/realtime.hpp"

namespace {

template <class M>
void expect_realtime(const char* what) {
  SCOPED_TRACE(what);
  using T = typename M::scalar;
  // The buffers are large enough for the output of these frames. Input and output share them.
  constexpr std::size_t room = 3 * inlay::tile_frames + 5, frames = room / M::max_frames_per_input;
  constexpr std::size_t channels = std::max(M::in_size, M::out_size);
  const auto model = std::make_unique<M>();
  const auto voice = std::make_unique<typename M::State>();
  const auto audio = std::make_unique<std::array<std::array<T, room>, channels>>();
  std::array<T*, channels> rows;
  for (std::size_t c = 0; c < channels; ++c) rows[c] = (*audio)[c].data();
  std::array<T, M::in_size> in{};
  std::array<T, M::max_frames_per_input * M::out_size> out{};

  EXPECT_STREQ(realtime::check([&] { model->forward(in, out); }), "");
  EXPECT_STREQ(realtime::check([&] { model->process(rows.data(), rows.data(), frames); }), "");
  EXPECT_STREQ(realtime::check([&] { std::as_const(*model).process(*voice, rows.data(), rows.data(), frames); }), "");
  EXPECT_STREQ(realtime::check([&] { model->reset(); }), "");
  if constexpr (M::one_to_one) {
    const std::array<typename M::State*, 1> voices{voice.get()};
    EXPECT_STREQ(realtime::check([&] { std::as_const(*model).process(voices, rows.data(), rows.data(), frames); }), "");
  }
}

// Sizes that are no multiple of any register width, so that every kernel runs.
#define NAME_OF(backend, scalar) backend##_##scalar
#define NAME(backend, scalar) NAME_OF(backend, scalar)
TEST(Realtime, NAME(INLAY_TEST_BACKEND, INLAY_TEST_SCALAR)) {
  using namespace inlay;
  using B = INLAY_TEST_BACKEND<INLAY_TEST_SCALAR>;
  expect_realtime<ModelT<Dense<3, 21, B>>>("Dense");
  expect_realtime<ModelT<Conv1D<3, 5, 3, 70, 1, B>>>("Conv1D");
  expect_realtime<ModelT<Conv1D<6, 4, 2, 1, 2, B>>>("Conv1D, grouped");
  expect_realtime<ModelT<FIR<300, B>, FIR<3100, B>>>("FIR");
  expect_realtime<ModelT<Conv2D<3, 5, 7, 2, 3, 1, 2, FeaturePadding::same, B>, BatchNorm2D<5, 4, B>,
                         DepthwiseConv2D<5, 4, 2, 3, 1, 2, FeaturePadding::same, B>>>("Conv2D");
  expect_realtime<ModelT<LSTM<1, 9, B>>>("LSTM");
  expect_realtime<ModelT<GRU<1, 9, B>>>("GRU");
  expect_realtime<ModelT<ResetBeforeGRU<1, 9, B>>>("ResetBeforeGRU");
  expect_realtime<ModelT<RNN<1, 9, B>>>("RNN");
  expect_realtime<ModelT<InitialState<MinGRU<1, 9, B>>, InitialState<ProjectedLSTM<9, 7, 3, B>>>>("MinGRU");
  expect_realtime<ModelT<TFiLM<3, 70, B>, BasicTFiLM<1, 5, Dense<3, 3, B>>, BlockControl<70, 1, LSTM<3, 5, B>>>>(
      "TFiLM");
  expect_realtime<ModelT<UpsampleNearest<3, 3, B>, UpsampleLinear<3, 5, B>>>("Upsample");
  expect_realtime<ModelT<SilentUntil<3, 5, 2, B>, PeriodicGain<3, 2, B>>>("SilentUntil, PeriodicGain");
  expect_realtime<ModelT<S4D<9, 3, B>, LRU<9, 5, 3, B>, S6<3, 5, 2, B>>>("S4D, LRU, S6");
  expect_realtime<ModelT<RateCorrected<LSTM<1, 9, B>>>>("RateCorrected");
  expect_realtime<ModelT<Residual<Dense<3, 3, B>>, Parallel<Dense<3, 5, B>, Dense<3, 5, B>>,
                         Concat<Dense<5, 3, B>, Slice<5, 1, 3, B>>, Split<Dense<4, 3, B>, Dense<2, 3, B>>,
                         Delay<6, 3, B>, Identity<6, B>>>("branches");
  expect_realtime<ModelT<Gated<Dense<3, 5, B>, Dense<3, 5, B>>, Pad<5, 7, B>,
                         InputAsCondition<FiLM<7, 7, B>, Mixin<Dense<7, 7, B>>, AppendCondition<7, 7, B>>>>(
      "gates and conditions");
  expect_realtime<ModelT<StridedConv1D<3, 5, 4, 3, 2, 1, B>, MaxPool1D<5, 2, 2, B>, AvgPool1D<5, 3, 1, B>,
                         ConvTranspose1D<5, 2, 5, 4, B>>>("rates");
  expect_realtime<ModelT<Windowed<70, 9, TimePad<3, 2, 1, B>, LSTM<3, 5, B>>>>("Windowed");
  expect_realtime<
      ModelT<SpreadOverlapAdd<4, Dense<8, 5, B>, Residual<Dense<5, 5, B>, Tanh<5, B>>, Dense<5, 8, B>>,
             OverlapAdd<9, RFFT<32, B>, Gather<34, 36, B>, PerFeature<6, LSTM<6, 5, B>>, AlongFeatures<6, GRU<5, 6, B>>,
                        Pad<36, 68, B>, ComplexProduct<17, B>, IRFFT<32, B>>,
             Pad<1, 8, B>, Magnitude<4, B>>>("spectra and features");
  expect_realtime<ModelT<ResidualSkip<Conv1D<3, 4, 2, 70, 1, B>, Dense<4, 3, B>>>>("ResidualSkip");
  expect_realtime<ModelT<Tanh<5, B>, Sigmoid<5, B>, HardSigmoid<5, B>, ReLU<5, B>, LeakyReLU<5, B>, PReLU<5, B>,
                         ELU<5, B>, Softmax<5, B>, BatchNorm1D<5, B>>>("pointwise layers");
  expect_realtime<ModelT<Softplus<5, B>, SiLU<5, B>, GELU<5, B>, TanhGELU<5, B>, Hardtanh<5, B>, LeakyHardtanh<5, B>,
                         HardSwish<5, B>, Softsign<5, B>, FastTanh<5, B>, Scale<5, B>, Snake<5, B>>>(
      "more pointwise layers");
  expect_realtime<ModelT<Biquad<1, 5, B>, CubicTableShaper<1, 9, B>, Compressor<1, B>>>("filter, table, compressor");
  expect_realtime<ModelT<ConditionedBy<Dense<2, 15, B>, ParametricEqualizer<2, 5, 48, B>>>>("equaliser");
  expect_realtime<ModelT<SELU<5, B>, Mish<5, B>, Sine<5, B>, SnakeBeta<5, B>, Affine<5, B>, SharedRational<5, 5, 4, B>,
                         Abs<5, B>, Sqrt<5, B>, Exp<5, B>, Square<5, B>>>("trained and elementary functions");
  expect_realtime<ModelT<LayerNorm<21, B>, RMSNorm<21, B>, GroupNorm<21, 3, B>, CumulativeNorm<21, B>>>(
      "normalisations");
}

}  // namespace

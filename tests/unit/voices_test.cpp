// Several voices at once give the same output as each voice alone, to the last bit.
#include <array>
#include <cstring>
#include <inlay/engine.hpp>
#include <memory>
#include <vector>

#include "support/backends.hpp"
#include "support/numbers.hpp"

using namespace inlay;

namespace {

/// Signals of several voices, each with the model's channels.
template <class T>
struct Signals {
  Signals(std::size_t count, std::size_t frames) : rows(count, std::vector<T>(frames)) {
    for (std::size_t c = 0; c < count; ++c)
      for (std::size_t t = 0; t < frames; ++t) rows[c][t] = static_cast<T>((c * 31 + t * 17 + c * t) % 41) / 20 - 1;
  }
  std::vector<T*> from(std::size_t frame) {
    std::vector<T*> pointers;
    for (auto& row : rows) pointers.push_back(row.data() + frame);
    return pointers;
  }
  std::vector<std::vector<T>> rows;
};

template <class Model>
void expect_voices_as_alone(std::size_t count) {
  using T = typename Model::scalar;
  constexpr std::size_t frames = 150;
  const auto model = std::make_unique<Model>();
  Numbers numbers{1};
  model->layers().visit(numbers);
  const std::vector<T> knobs(Model::condition_size, T(0.25));

  Signals<T> in(count * Model::in_size, frames), alone(count * Model::out_size, frames), out = alone;
  std::vector<std::unique_ptr<typename Model::State>> states;
  std::vector<typename Model::State*> voices;
  for (std::size_t v = 0; v < count; ++v) {
    const auto state = std::make_unique<typename Model::State>();
    model->process(*state, in.from(0).data() + v * Model::in_size, alone.from(0).data() + v * Model::out_size, frames,
                   Condition<T>(knobs));
    voices.push_back(states.emplace_back(std::make_unique<typename Model::State>()).get());
  }
  const std::vector<Condition<T>> conditions(Model::condition_size > 0 ? count : 0, Condition<T>(knobs));
  constexpr std::array<std::size_t, 5> cuts{1, 65, 0, 7, 64};
  for (std::size_t t = 0, cut = 0; t < frames; t += cuts[cut++ % cuts.size()])
    model->process(voices, in.from(t).data(), out.from(t).data(), std::min(cuts[cut % cuts.size()], frames - t),
                   conditions);
  for (std::size_t c = 0; c < out.rows.size(); ++c)
    ASSERT_EQ(std::memcmp(out.rows[c].data(), alone.rows[c].data(), frames * sizeof(T)), 0)
        << count << " voices, channel " << c;
}

template <class Model>
void expect_voices_as_alone() {
  for (std::size_t count : {0u, 1u, 2u, 3u, 4u, 5u}) expect_voices_as_alone<Model>(count);
}

}  // namespace

template <class B>
class VoicesTest : public ::testing::Test {};
TYPED_TEST_SUITE(VoicesTest, TwoBackends);

TYPED_TEST(VoicesTest, rnn_dense) {
  using B = TypeParam;
  expect_voices_as_alone<ModelT<RNN<2, 5, B>, Dense<5, 2, B>>>();
}

template <class B>
class LongVoicesTest : public ::testing::Test {};
TYPED_TEST_SUITE(LongVoicesTest, OneBackend);

TYPED_TEST(LongVoicesTest, lstm_dense_and_lstm_gru_dense) {
  using B = TypeParam;
  expect_voices_as_alone<ModelT<LSTM<1, 20, B>, Dense<20, 1, B>>>();
  expect_voices_as_alone<ModelT<LSTM<1, 8, B>, GRU<8, 16, B>, Dense<16, 1, B>>>();
}

TEST(SomeVoicesTest, layers_that_run_one_voice_after_the_other) {
  expect_voices_as_alone<ModelT<Conv1D<1, 3, 2>, Mixin<DenseNoBias<2, 3>>, ResetBeforeGRU<3, 3>, Tanh<3>>>();
}
TEST(SomeVoicesTest, more_sums_than_registers_and_another_rate) {
  expect_voices_as_alone<ModelT<RateCorrected<RNN<1, 40>>>>();
}

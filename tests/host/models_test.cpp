// inlay's models in sessions: the output is that of the model alone, late by the session's latency, to the last bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "inlay/host.hpp"
#include "inlay/inlay.hpp"
#include "inlay/run_time.hpp"
#include "support/paths.hpp"

namespace {

using inlay::host::ModelEngine, inlay::host::on_audio_thread, inlay::host::Pool, inlay::host::Session;

using Amp = inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>>;
using Channels = std::vector<std::vector<float>>;

const std::string golden = inlay_test::folder() + "/golden/torch/";
const std::string amp_file = inlay_test::folder() + "/../examples/amp/amp.json";

Channels noise(std::size_t channels, std::size_t frames) {
  std::minstd_rand random(7);
  std::uniform_real_distribution<float> sample(-0.5f, 0.5f);
  Channels signal(channels, std::vector<float>(frames));
  for (auto& channel : signal)
    for (float& x : channel) x = sample(random);
  return signal;
}

template <class T, class C>
std::vector<T*> pointers(C& channels, std::size_t at = 0) {
  std::vector<T*> all;
  for (auto& channel : channels) all.push_back(channel.data() + at);
  return all;
}

/// Plays a signal in blocks, offline. `per_in` frames in give `per_out` frames out.
Channels play(Session& session, const Channels& in, std::size_t out_channels, std::size_t block, std::size_t per_in = 1,
              std::size_t per_out = 1) {
  session.set_offline(true);
  const std::size_t frames = in.front().size();
  Channels out(out_channels, std::vector<float>(frames / per_in * per_out));
  for (std::size_t at = 0; at + block <= frames; at += block) {
    const auto from = pointers<const float>(in, at);
    const auto to = pointers<float>(out, at / per_in * per_out);
    session.process(from.data(), to.data(), block);
  }
  return out;
}

void expect_delayed(const Channels& out, const Channels& expected, std::size_t latency) {
  ASSERT_EQ(out.size(), expected.size());
  for (std::size_t c = 0; c < out.size(); ++c)
    for (std::size_t f = 0; f < out[c].size(); ++f)
      ASSERT_EQ(out[c][f], f < latency ? 0.0f : expected[c][f - latency]) << "channel " << c << ", frame " << f;
}

/// In the callback, and on other threads, with blocks that do not divide the hop.
void in_every_session(const std::function<Session(bool)>& make, const Channels& in, const Channels& expected,
                      std::size_t per_in = 1, std::size_t per_out = 1) {
  for (const bool pool : {false, true})
    for (const std::size_t block : {8u, 96u}) {
      SCOPED_TRACE(std::string(pool ? "pool" : "callback") + ", block " + std::to_string(block));
      Session session = make(pool);
      session.prepare({.block = static_cast<double>(block), .rate = 48000}, {.run_ms = 0.1});
      EXPECT_TRUE(pool || session.latency() == 0u);
      expect_delayed(play(session, in, expected.size(), block, per_in, per_out), expected, session.latency());
    }
}

TEST(Models, ModelT) {
  Amp amp;
  amp.load(std::filesystem::path(amp_file));
  const Channels in = noise(1, 960);
  Channels expected(1, std::vector<float>(960));
  amp.process(in[0], expected[0]);
  in_every_session(
      [&](bool pool) { return pool ? Session(amp, Pool::shared(), {.hop = 40}) : Session(amp, on_audio_thread); }, in,
      expected);
  in_every_session(
      [&](bool pool) {
        return pool ? Session(std::ref(amp), Pool::shared(), {.hop = 40}) : Session(std::ref(amp), on_audio_thread);
      },
      in, expected);
}

TEST(Models, ModelTAsTwoVoices) {
  Amp amp;
  amp.load(std::filesystem::path(amp_file));
  const Channels in = noise(2, 960);
  Channels expected(2, std::vector<float>(960));
  for (std::size_t v = 0; v < 2; ++v) {
    amp.reset();
    amp.process(in[v], expected[v]);
  }
  const auto stereo = [&] { return ModelEngine<Amp>(amp, {.voices = 2}); };
  in_every_session(
      [&](bool pool) {
        return pool ? Session(stereo(), Pool::shared(), {.hop = 40}) : Session(stereo(), on_audio_thread);
      },
      in, expected);
}

template <class T>
void run_time_model() {
  auto model = inlay::Model<T>::load(std::filesystem::path(amp_file));
  const Channels in = noise(2, 960);
  Channels expected(2, std::vector<float>(960));
  for (std::size_t v = 0; v < 2; ++v) {
    std::vector<T> x(in[v].begin(), in[v].end()), y(x.size());
    model.reset();
    model.process(x, y);
    std::transform(y.begin(), y.end(), expected[v].begin(), [](T value) { return static_cast<float>(value); });
  }
  const auto stereo = [&] { return ModelEngine<inlay::Model<T>>(model, {.voices = 2}); };
  in_every_session(
      [&](bool pool) {
        return pool ? Session(stereo(), Pool::shared(), {.hop = 40}) : Session(stereo(), on_audio_thread);
      },
      in, expected);
}
TEST(Models, ModelOfFloat) { run_time_model<float>(); }
TEST(Models, ModelOfDouble) { run_time_model<double>(); }

TEST(Models, ModelThatChangesTheRate) {
  auto model = inlay::Model<>::load(std::filesystem::path(golden + "conv1d_1_16_k12_s12.f32.json"));
  ASSERT_EQ(model.rate().in, 12u);
  const Channels in = noise(model.in_size(), 960);
  Channels expected(model.out_size(), std::vector<float>(80));
  const auto from = pointers<const float>(in);
  const auto to = pointers<float>(expected);
  ASSERT_EQ(model.process(from.data(), to.data(), 960), 80u);
  // Blocks of 8 frames give two thirds of a frame, so only whole hops are compared.
  Session session(model, Pool::shared(), {.hop = 48});
  session.prepare({.block = 96, .rate = 48000}, {.run_ms = 0.1});
  expect_delayed(play(session, in, model.out_size(), 96, 12, 1), expected, session.latency());
  Session in_callback(model, on_audio_thread);
  in_callback.prepare({.block = 96, .rate = 48000});
  expect_delayed(play(in_callback, in, model.out_size(), 96, 12, 1), expected, in_callback.latency());
  EXPECT_THROW(ModelEngine<inlay::Model<>>(model, {.voices = 2}), std::invalid_argument);
}

TEST(Models, SideChannelsAsValuesAndAsSignals) {
  auto model = inlay::Model<>::load(std::filesystem::path(golden + "append_condition.f32.json"));
  const std::size_t conditions = model.condition_size();
  ASSERT_GT(conditions, 0u);
  const Channels in = noise(model.in_size(), 960);
  Channels expected(model.out_size(), std::vector<float>(960));
  std::vector<float> knobs(conditions);
  for (std::size_t k = 0; k < conditions; ++k) knobs[k] = 0.1f * static_cast<float>(k + 1);
  const auto from = pointers<const float>(in);
  const auto to = pointers<float>(expected);
  model.process(from.data(), to.data(), 960, std::span<const float>(knobs));
  in_every_session(
      [&](bool pool) {
        Session session = pool ? Session(model, Pool::shared(), {.hop = 40}) : Session(model, on_audio_thread);
        EXPECT_TRUE(session.set(1, knobs));
        return session;
      },
      in, expected);

  // The same values as signals of a second input.
  Channels both = in;
  for (const float knob : knobs) both.emplace_back(960, knob);
  const auto engine = [&] { return ModelEngine<inlay::Model<>>(model, {.signals = conditions}); };
  in_every_session(
      [&](bool pool) {
        return pool ? Session(engine(), Pool::shared(), {.hop = 40}) : Session(engine(), on_audio_thread);
      },
      both, expected);
  EXPECT_THROW(ModelEngine<inlay::Model<>>(model, {.signals = conditions + 1}), std::invalid_argument);
  EXPECT_THROW(ModelEngine<inlay::Model<>>(model, {.voices = 0}), std::invalid_argument);
}

}  // namespace

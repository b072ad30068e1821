/// Models in the callback and on other threads, an engine of one's own, and engines with several tensors, each played
/// in a simulated host.
///
///     host [MODEL]    any model file with one channel in and out
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <inlay/host.hpp>
#include <inlay/run_time.hpp>
#include <string>
#include <vector>

#include "simulated_host.hpp"

using namespace inlay::host;  // NOLINT(google-build-using-namespace)

/// A model that is fast enough for the callback: no latency, any block.
void in_the_callback(const std::string& file) {
  const auto model = inlay::Model<>::load(std::filesystem::path(file));
  Session fx(model, on_audio_thread);
  fx.prepare({.block = 128, .rate = 48000});
  example::play(fx, 1, 128, "in the callback");
}

/// A model that is not: a worker runs it, and the signal comes a known number of frames later.
void on_other_threads(const std::string& file) {
  const auto model = inlay::Model<>::load(std::filesystem::path(file));
  Session big(model, Pool::shared(), {.hop = 512, .miss = Miss::dry});
  const Plan plan = big.prepare({.block = 128, .rate = 48000}, Budget::measured());
  std::printf("a run takes %.0f%% of the time it has\n", 100 * plan.load);
  example::play(big, 1, 128, "on other threads");
}

/// Two voices of one mono model.
void stereo(const std::string& file) {
  const auto model = inlay::Model<>::load(std::filesystem::path(file));
  Session fx(ModelEngine<inlay::Model<>>(model, {.voices = 2}), on_audio_thread);
  fx.prepare({.block = 128, .rate = 48000});
  example::play(fx, 2, 128, "two voices in the callback");
}

/// An engine of one's own: any class with these three functions. This one averages the signal and an echo of it.
struct Echo {
  Ports ports() const {
    Port input = Port::stream(1, 256);
    input.window = 512;  // 256 new frames, and before them the last 256
    return {{input}, {Port::stream(1, 256)}};
  }
  bool run(Job& job) {  // may take its time, allocate, and throw
    const float* const x = job.in[0].channel(0);
    for (std::size_t f = 0; f < 256; ++f) job.out[0].channel(0)[f] = 0.5f * (x[f] + x[f + 256]);
    return true;
  }
  void reset() noexcept {}  // it remembers nothing
};

void own_engine() {
  Session session(Echo{}, Pool::shared());
  session.prepare({.block = 128, .rate = 48000}, {.run_ms = 1});
  example::play(session, 1, 128, "an engine of one's own");
}

/// The latency is known when the program is compiled.
constexpr Plan p = plan({.in = {480}, .out = {480}}, {.block = 512, .rate = 48000}, {.run_ms = 8.18});
static_assert(p.feasible && p.latency(0) == 1056 && p.jobs == 3);

/// Several tensors: two channels of audio and a knob in, one channel of audio and a level out.
struct Mixer {
  enum In { audio, balance };
  enum Out { mix, level };
  Ports ports() const {
    return {{Port::stream(2, 64, "audio"), Port::values(1, "balance")},
            {Port::stream(2, 64, "mix"), Port::values(1, "level")}};
  }
  bool run(Job& job) {
    const float b = job.in[balance].data()[0];
    float peak = 0;
    for (std::size_t f = 0; f < 64; ++f) {
      const float y = (1 - b) * job.in[audio].channel(0)[f] + b * job.in[audio].channel(1)[f];
      job.out[mix].channel(0)[f] = job.out[mix].channel(1)[f] = y;
      peak = std::max(peak, std::abs(y));
    }
    job.out[level].data()[0] = peak;
    return true;
  }
  void reset() noexcept {}
};

void several_tensors() {
  Session session(Mixer{}, Pool::shared());
  session.prepare({.block = 128, .rate = 48000}, {.run_ms = 0.5});
  session.set(Mixer::balance, 0.25f);  // on any thread
  example::play(session, 2, 128, "several tensors");
  float level = 0;
  if (session.latest(Mixer::level, {&level, 1})) std::printf("level %.2f\n", static_cast<double>(level));
}

/// The host's threads run the jobs, as CLAP's thread pool does: between the two halves of a callback.
void hosts_threads(const std::string& file) {
  const auto model = inlay::Model<>::load(std::filesystem::path(file));
  Pool pool({.workers = 0});
  Session left(model, pool, {.hop = 128}), right(model, pool, {.hop = 128});
  for (Session* session : {&left, &right}) session->prepare({.block = 128, .rate = 48000}, {.run_ms = 1, .wait = 0.9});
  std::vector<float> audio(128, 0.5f);
  const float* const in = audio.data();
  float* const out = audio.data();
  left.push(0, &in, 128);
  right.push(0, &in, 128);
  while (pool.run_one()) {  // on as many threads as the host likes
  }
  left.pop(0, &out, 128);
  right.pop(0, &out, 128);
  std::printf("%-28s latency %4zu frames\n", "the host's threads", left.latency());
}

int main(int argc, char** argv) try {
  const std::string file = argc > 1 ? argv[1] : "examples/amp/amp.json";
  in_the_callback(file);
  on_other_threads(file);
  stereo(file);
  own_engine();
  several_tensors();
  hosts_threads(file);
} catch (const std::exception& error) {  // load_error, or what `prepare` says
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}

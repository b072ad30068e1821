/// A network with knobs: their positions are side channels, which move without a step.
///
///     guide_knobs MODEL    a file with one channel in and out and two knobs
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <inlay/inlay.hpp>
#include <inlay/plugin.hpp>
#include <vector>

using Amp = inlay::ModelT<inlay::AppendCondition<1, 2>, inlay::LSTM<3, 8>, inlay::Dense<8, 1>>;

class Plugin {
 public:
  enum Knob { drive, tone };

  void load(const std::filesystem::path& file) {
    amp_.load(file);
    amp_.reset();
  }
  /// On any thread. The range is that of the training, mostly 0 to 1.
  void turn(Knob knob, float value) noexcept { knobs_.set(knob, value); }
  /// On the audio thread, for at most 512 frames.
  void process(const float* const* in, float* const* out, std::size_t frames) noexcept {
    amp_.process(in, out, frames, knobs_.next(frames));
  }

 private:
  Amp amp_;
  inlay::SmoothedValues<float> knobs_{2, {.ramp_frames = 960, .max_frames = 512}};
};

int main(int argc, char** argv) try {
  if (argc < 2) return std::fprintf(stderr, "usage: guide_knobs MODEL\n"), 2;
  static Plugin plugin;  // not on the stack: a model can be large
  plugin.load(argv[1]);
  std::array<float, 480> in{}, out{};
  const float* const x = in.data();
  float* const y = out.data();
  plugin.process(&x, &y, in.size());
  const float before = out.back();
  plugin.turn(Plugin::drive, 0.7f);
  for (int call = 0; call < 4; ++call) plugin.process(&x, &y, in.size());
  std::printf("the output for silence goes from %g to %g\n", double(before), double(out.back()));
  return std::isfinite(out.back()) && out.back() != before ? 0 : 1;
} catch (const inlay::load_error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

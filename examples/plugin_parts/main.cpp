/// The parts around a model in a plugin: a slot whose model is exchanged while it plays, knobs that do not zip, levels,
/// another sample rate, and a signal with a NaN in it.
///
///     plugin_parts [MODEL]    any model file with one channel in and out
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <inlay/plugin.hpp>
#include <inlay/run_time.hpp>
#include <limits>
#include <string>
#include <vector>

namespace {

using AtHostRate = inlay::Resampled<inlay::Model<float>>;

/// What a plugin is made of.
class Processor {
 public:
  /// On any thread but the audio thread, before it plays.
  void prepare(double rate) {
    rate_ = rate;
    levels_.set(input, 1);
    levels_.set(output, 1);
    levels_.jump();
    slot_.reset();
  }
  /// On any thread but the audio thread, also while it plays. Throws inlay::load_error; what plays goes on.
  void load(const std::filesystem::path& file) {
    const auto model = inlay::Model<float>::load(file);
    const inlay::Gains gains = inlay::gains_for(inlay::levels_of(model.info()));
    slot_.publish(AtHostRate(model, {.host_rate = rate_, .model_rate = model.sample_rate().value_or(48000)}), gains);
  }
  /// On any thread.
  void set_output_level(double decibels) { levels_.set(output, static_cast<float>(inlay::from_decibels(decibels))); }
  std::size_t latency() const { return slot_.latency(); }

  /// On the audio thread.
  void process(const float* const* in, float* const* out, std::size_t frames) noexcept {
    const float* const* const levels = levels_.next(frames);
    for (std::size_t c = 0; c < 2; ++c)
      for (std::size_t t = 0; t < frames; ++t) out[c][t] = levels[input][t] * in[c][t];
    slot_.process(out, out, frames);
    for (std::size_t c = 0; c < 2; ++c)
      for (std::size_t t = 0; t < frames; ++t) out[c][t] *= levels[output][t];
  }

 private:
  enum { input, output };
  double rate_ = 48000;
  inlay::ModelSlot<AtHostRate> slot_{{.voices = 2}};  // stereo: two voices of a mono model
  inlay::SmoothedValues<float> levels_{2, {.ramp_frames = 960, .max_frames = 4096}};
};

/// A host that plays a stereo tone in blocks and finds the largest output and the largest step between two samples.
class Host {
 public:
  void play(Processor& plugin, const char* what) {
    float largest = 0, step = 0;
    bool finite = true;
    for (int call = 0; call < 200; ++call) {
      for (float& x : in_) x = 0.5f * std::sin(0.03f * float(time_++));
      if (damaged_ && call == 10) in_[7] = std::numeric_limits<float>::quiet_NaN();
      const float* const in[] = {in_.data(), in_.data()};
      float* const out[] = {left_.data(), right_.data()};
      plugin.process(in, out, in_.size());
      for (const float y : left_) {
        finite = finite && std::isfinite(y);
        largest = std::max(largest, std::abs(y));
        step = std::max(step, std::abs(y - last_));
        last_ = y;
      }
    }
    std::printf("%-32s largest output %.3f, largest step %.3f%s\n", what, double(largest), double(step),
                finite ? "" : ", NOT FINITE");
    good_ = good_ && finite && largest > 0.01f;
  }
  void damage(bool on) { damaged_ = on; }
  bool good() const { return good_; }

 private:
  std::array<float, 128> in_{}, left_{}, right_{};
  unsigned time_ = 0;
  float last_ = 0;
  bool damaged_ = false, good_ = true;
};

}  // namespace

int main(int argc, char** argv) try {
  const std::filesystem::path file = argc > 1 ? argv[1] : "examples/amp/amp.json";
  Processor plugin;
  Host host;
  plugin.prepare(44100);
  host.play(plugin, "without a model");
  plugin.load(file);
  host.play(plugin, "a model fades in");
  std::printf("%zu frames of latency\n", plugin.latency());
  plugin.set_output_level(-12);
  host.play(plugin, "the output level is turned");
  try {
    plugin.load("missing.nam");
  } catch (const inlay::load_error& error) {
    std::printf("%s\n", error.what());
  }
  host.play(plugin, "after a file that is missing");
  host.damage(true);
  host.play(plugin, "with a NaN in the input");
  return host.good() ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "plugin_parts: %s\n", error.what());
  return 1;
}

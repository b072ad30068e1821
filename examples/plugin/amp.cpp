/// An amplifier in every plugin format: plays any model file that inlay reads.
#include <DistrhoPlugin.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <inlay/core/no_denormals.hpp>
#include <mutex>
#include <string>
#include <vector>

#include "placeholder.hpp"

START_NAMESPACE_DISTRHO

namespace {

constexpr std::size_t channels = DISTRHO_PLUGIN_NUM_INPUTS;

/// A value that moves to its target along a line of 20 ms. The target can be set on any thread.
class Ramp {
 public:
  explicit Ramp(float value) noexcept : target_(value), value_(value) {}
  void set(float target) noexcept { target_.store(target, std::memory_order_relaxed); }
  void jump() noexcept { value_ = goal_ = target_.load(std::memory_order_relaxed); }
  /// Looks for a new target. Once for each buffer.
  void begin(double sample_rate) noexcept {
    const float target = target_.load(std::memory_order_relaxed);
    if (target == goal_) return;
    goal_ = target;
    step_ = (goal_ - value_) / static_cast<float>(0.02 * sample_rate);
  }
  float next() noexcept {
    if (std::abs(goal_ - value_) <= std::abs(step_)) value_ = goal_;
    else value_ += step_;
    return value_;
  }

 private:
  std::atomic<float> target_;
  float value_, goal_ = value_, step_ = 0;
};

/// One channel of the input, later by up to `longest` frames.
class Delay {
 public:
  static constexpr std::size_t longest = 4095;
  void reset() noexcept { past_.fill(0); }
  float next(float x, std::size_t frames) noexcept {
    past_[now_ & longest] = x;
    return past_[(now_++ - frames) & longest];
  }

 private:
  std::array<float, longest + 1> past_{};
  std::size_t now_ = 0;
};

float gain(float decibels) noexcept { return std::pow(10.0f, decibels / 20.0f); }

}  // namespace

/// Input level, model, output level; and beside them the dry signal, which bypass fades to.
class Amp final : public Plugin {
 public:
  Amp() : Plugin(parameter_count, 0, 1) {
    // The model to start with where nobody chooses one, as in the JACK program.
    const char* const path = std::getenv("INLAY_AMP_MODEL");
    if (path != nullptr && !isDummyInstance()) setState("model", path);
  }

 protected:
  // --- what hosts show --------------------------------------------------------------------------------

  const char* getLabel() const override { return "inlay_amp"; }
  const char* getDescription() const override { return "Plays models of guitar amplifiers"; }
  const char* getMaker() const override { return "inlay"; }
  const char* getLicense() const override { return "https://spdx.org/licenses/BSD-3-Clause"; }
  uint32_t getVersion() const override { return d_version(0, 1, 0); }
  int64_t getUniqueId() const override { return d_cconst('i', 'n', 'A', 'm'); }

  void initAudioPort(bool input, uint32_t index, AudioPort& port) override {
    port.groupId = kPortGroupStereo;
    Plugin::initAudioPort(input, index, port);
  }
  void initParameter(uint32_t index, Parameter& parameter) override {
    if (index == bypass) {
      parameter.initDesignation(kParameterDesignationBypass);
      return;
    }
    parameter.hints = kParameterIsAutomatable;
    parameter.name = index == input_level ? "Input" : "Output";
    parameter.symbol = index == input_level ? "input" : "output";
    parameter.unit = "dB";
    parameter.ranges = ParameterRanges(0, -40, 40);
  }
  void initState(uint32_t, State& state) override {
    state.hints = kStateIsFilenamePath;
    state.key = "model";
    state.label = "Model";
    state.description = "Model file: .nam, or .json of any format that inlay reads";
  }

  // --- values, set on any thread ----------------------------------------------------------------------

  float getParameterValue(uint32_t index) const override { return values_[index].load(std::memory_order_relaxed); }
  void setParameterValue(uint32_t index, float value) override {
    values_[index].store(value, std::memory_order_relaxed);
    ramps_[index].set(index == bypass ? value : gain(value));
  }

  String getState(const char*) const override {
    const std::lock_guard lock(path_mutex_);
    return String(path_.c_str());
  }
  /// Loads a model, on the thread of the host that is for this. The audio goes on; without a path, it passes unchanged.
  /// If the file cannot be read, the model before stays.
  void setState(const char*, const char* value) override {
    const std::string path = value;
    try {
      if (path.empty()) slot_.clear();
      else slot_.load(path);
    } catch (const std::exception& error) {
      d_stderr("inlay amp: %s", error.what());
      // A session keeps the name of a file that is missing today, unless there is another model to keep.
      const std::lock_guard lock(path_mutex_);
      if (path_.empty()) path_ = path;
      return;
    }
    const std::lock_guard lock(path_mutex_);
    path_ = path;
  }

  // --- audio ------------------------------------------------------------------------------------------

  void activate() override {
    slot_.reset();
    for (Delay& delay : delays_) delay.reset();
    setLatency(static_cast<uint32_t>(slot_.latency()));
    at_start_ = true;
  }

  void run(const float** in, float** out, uint32_t frames) override {
    const inlay::NoDenormals no_denormals;
    const std::size_t latency = slot_.latency();
    setLatency(static_cast<uint32_t>(latency));
    for (Ramp& ramp : ramps_)
      if (at_start_) ramp.jump();  // some hosts bring the values of a session with the first block
      else ramp.begin(getSampleRate());
    at_start_ = false;
    for (std::size_t done = 0; done < frames; done += piece) {
      const std::size_t n = std::min<std::size_t>(piece, frames - done);
      for (std::size_t t = 0; t < n; ++t) {
        const float level = ramps_[input_level].next();
        for (std::size_t c = 0; c < channels; ++c) {
          const float x = in[c][done + t];
          wet_[c][t] = level * x;
          dry_[c][t] = delays_[c].next(x, latency);
        }
      }
      float* const wet[channels] = {wet_[0].data(), wet_[1].data()};
      slot_.process(wet, wet, n);
      for (std::size_t t = 0; t < n; ++t) {
        const float level = ramps_[output_level].next(), bypassed = ramps_[bypass].next();
        for (std::size_t c = 0; c < channels; ++c)
          out[c][done + t] = (1 - bypassed) * level * wet_[c][t] + bypassed * dry_[c][t];
      }
    }
  }

 private:
  enum : uint32_t { input_level, output_level, bypass, parameter_count };
  static constexpr std::size_t piece = 256;  // hosts may give one buffer for in and out: pieces are worked on aside

  inlay::ModelSlot<inlay::Model<float>> slot_{{.voices = channels}};
  std::array<std::atomic<float>, parameter_count> values_{};
  std::array<Ramp, parameter_count> ramps_{Ramp(1), Ramp(1), Ramp(0)};
  std::array<Delay, channels> delays_;
  std::array<std::array<float, piece>, channels> wet_{}, dry_{};
  bool at_start_ = true;
  mutable std::mutex path_mutex_;
  std::string path_;
};

Plugin* createPlugin() { return new Amp; }

END_NAMESPACE_DISTRHO

/// An amplifier in every plugin format: plays any model file that inlay reads.
#include <DistrhoPlugin.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <inlay/plugin/levels.hpp>
#include <inlay/plugin/model_slot.hpp>
#include <inlay/plugin/resampled.hpp>
#include <inlay/plugin/smoothed_values.hpp>
#include <inlay/run_time.hpp>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

START_NAMESPACE_DISTRHO

namespace {

constexpr std::size_t channels = DISTRHO_PLUGIN_NUM_INPUTS;

/// One channel of the input, later by a number of frames. Another number fades in.
class Delay {
 public:
  static constexpr std::size_t longest = 4095, fade = 960;
  void reset(std::size_t frames) noexcept {
    past_.fill(0);
    frames_ = frames;
    fading_ = 0;
  }
  float next(float x, std::size_t frames) noexcept {
    if (fading_ == 0 && frames != frames_) {
      before_ = std::exchange(frames_, frames);
      fading_ = fade;
    }
    past_[++now_ & longest] = x;
    const float y = past_[(now_ - frames_) & longest];
    if (fading_ == 0) return y;
    const float gain = static_cast<float>(fading_--) / fade;
    return y + gain * (past_[(now_ - before_) & longest] - y);
  }

 private:
  std::array<float, longest + 1> past_{};
  std::size_t now_ = 0, frames_ = 0, before_ = 0, fading_ = 0;
};

}  // namespace

/// Input level, model, output level; and beside them the dry signal, which bypass fades to. The model is mono: the left
/// and the right channel are two voices of it.
class Amp final : public Plugin {
 public:
  Amp() : Plugin(parameter_count, 0, 1) {
    for (const uint32_t index : {input_level, output_level, bypass}) Amp::setParameterValue(index, 0);
    // The model to start with where nobody can choose one, as in the JACK program.
    const char* const path = std::getenv("INLAY_AMP_MODEL");
    if (path != nullptr && !isDummyInstance()) Amp::setState("model", path);
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
    if (index == bypass) return parameter.initDesignation(kParameterDesignationBypass);
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
    state.description = "Model file: .nam, .namb, or .json of any format that inlay reads";
  }

  // --- values: hosts set them on any thread -----------------------------------------------------------

  float getParameterValue(uint32_t index) const override { return values_[index].load(std::memory_order_relaxed); }
  void setParameterValue(uint32_t index, float value) override {
    values_[index].store(value, std::memory_order_relaxed);
    knobs_.set(index, index == bypass ? value : static_cast<float>(inlay::from_decibels(value)));
  }

  String getState(const char*) const override {
    const std::lock_guard lock(loading_);
    return String(path_.c_str());
  }
  /// Loads a model while the one before goes on. An empty path removes it, and the input passes. If the file cannot be
  /// used, the model before stays.
  void setState(const char*, const char* path) override {
    const std::lock_guard lock(loading_);
    try {
      std::optional<Model> model;
      if (*path != 0) model = Model::load(std::filesystem::path(path));
      publish(model);
      model_ = model;
      path_ = path;
    } catch (const std::exception& error) {
      d_stderr("inlay amp: %s", error.what());
      if (!model_) path_ = path;  // a session does not forget a file that is missing today
    }
  }
  void sampleRateChanged(double) override {
    const std::lock_guard lock(loading_);
    try {
      publish(model_);
    } catch (const std::exception& error) {
      d_stderr("inlay amp: %s", error.what());
    }
  }

  // --- audio ------------------------------------------------------------------------------------------

  void activate() override {
    slot_.reset();
    for (Delay& delay : delays_) delay.reset(slot_.latency());
    setLatency(static_cast<uint32_t>(slot_.latency()));
    at_start_ = true;
  }

  void run(const float** in, float** out, uint32_t frames) override {
    const std::size_t latency = slot_.latency();
    setLatency(static_cast<uint32_t>(latency));
    if (at_start_) knobs_.jump();  // some hosts bring the values of a session with the first block
    at_start_ = false;
    for (std::size_t done = 0; done < frames; done += piece) {
      const std::size_t n = std::min<std::size_t>(piece, frames - done);
      const float* const* const knobs = knobs_.next(n);
      for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t t = 0; t < n; ++t) {
          const float x = in[c][done + t];
          wet_[c][t] = knobs[input_level][t] * x;
          dry_[c][t] = delays_[c].next(x, latency);
        }
      float* const wet[channels] = {wet_[0].data(), wet_[1].data()};
      slot_.process(wet, wet, n);
      for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t t = 0; t < n; ++t) {
          const float bypassed = knobs[bypass][t];
          out[c][done + t] = (1 - bypassed) * knobs[output_level][t] * wet_[c][t] + bypassed * dry_[c][t];
        }
    }
  }

 private:
  using Model = inlay::Model<float>;
  using ModelAtHostRate = inlay::Resampled<Model>;
  enum : uint32_t { input_level, output_level, bypass, parameter_count };
  static constexpr std::size_t piece = 256;  // worked on aside, as hosts may give one buffer for in and out

  /// Files that do not state their sample rate are for 48 kHz. Files that state their loudness are brought to the same.
  void publish(const std::optional<Model>& model) {
    if (!model) return slot_.clear();
    const double model_rate = model->sample_rate().value_or(48000);
    slot_.publish(ModelAtHostRate(*model, {.host_rate = getSampleRate(), .model_rate = model_rate}),
                  inlay::gains_for(inlay::levels_of(model->info())));
  }

  inlay::ModelSlot<ModelAtHostRate> slot_{{.voices = channels}};
  inlay::SmoothedValues<float> knobs_{parameter_count, {.ramp_frames = 960, .max_frames = piece}};
  std::array<std::atomic<float>, parameter_count> values_{};
  std::array<Delay, channels> delays_;
  std::array<std::array<float, piece>, channels> wet_{}, dry_{};
  bool at_start_ = true;

  mutable std::mutex loading_;  // of the two below
  std::optional<Model> model_;
  std::string path_;
};

Plugin* createPlugin() { return new Amp; }

END_NAMESPACE_DISTRHO

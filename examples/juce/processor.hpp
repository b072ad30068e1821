/// Processor: plays a model file of a mono network. Audio, parameters and state; the window is in editor.hpp.
#pragma once

#include <juce_audio_utils/juce_audio_utils.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <inlay/plugin/model_slot.hpp>
#include <inlay/plugin/resampled.hpp>
#include <inlay/plugin/smoothed_values.hpp>
#include <inlay/run_time.hpp>
#include <mutex>
#include <optional>

#include "delay.hpp"

namespace amp {

using Model = inlay::Model<float>;
constexpr std::size_t channels = 2;  ///< left and right: two voices of the model

/// The model that was loaded last.
struct Loaded {
  std::optional<Model> model;  ///< empty: the input passes
  juce::File file;
  juce::String error;  ///< of the last file, in one line with the place; empty if it was loaded
};

/// Sends a change message when `loaded` changes.
class Processor final : public juce::AudioProcessor, public juce::ChangeBroadcaster {
 public:
  Processor();

  juce::AudioProcessorValueTreeState parameters;  ///< "input", "output" in dB, "bypass"

  /// Loads a model and fades to it, on any thread but the audio thread. If it cannot be used, the model before goes on,
  /// and `loaded().error` says why. An empty path removes the model.
  void load(const juce::File& file);
  Loaded loaded() const;

  /// Peaks since the last call: of what goes into the model, and of the output. For one meter of each.
  std::array<float, channels> take_input_peaks() noexcept { return take(input_peaks_); }
  std::array<float, channels> take_output_peaks() noexcept { return take(output_peaks_); }

  // --- juce::AudioProcessor ---------------------------------------------------------------------------
  void prepareToPlay(double rate, int) override;
  void processBlock(juce::AudioBuffer<float>& buffer, juce::MidiBuffer&) override;
  using AudioProcessor::processBlock;
  void releaseResources() override {}
  bool isBusesLayoutSupported(const BusesLayout& layout) const override;
  juce::AudioProcessorParameter* getBypassParameter() const override { return parameters.getParameter("bypass"); }
  void getStateInformation(juce::MemoryBlock& data) override;
  void setStateInformation(const void* data, int size) override;

  juce::AudioProcessorEditor* createEditor() override;
  bool hasEditor() const override { return true; }
  const juce::String getName() const override { return JucePlugin_Name; }
  bool acceptsMidi() const override { return false; }
  bool producesMidi() const override { return false; }
  double getTailLengthSeconds() const override { return 0; }
  int getNumPrograms() override { return 1; }
  int getCurrentProgram() override { return 0; }
  void setCurrentProgram(int) override {}
  const juce::String getProgramName(int) override { return {}; }
  void changeProgramName(int, const juce::String&) override {}

 private:
  using ModelAtHostRate = inlay::Resampled<Model>;
  using Peaks = std::array<std::atomic<float>, channels>;
  enum : std::size_t { input_level, output_level, bypass, knob_count };
  static constexpr std::size_t piece = 256;  ///< frames that are worked on at a time

  void change_rate(double rate);
  void publish(const std::optional<Model>& model);
  void report_latency() { setLatencySamples(static_cast<int>(slot_.latency())); }
  static std::array<float, channels> take(Peaks& peaks) noexcept;

  std::array<std::atomic<float>*, knob_count> values_;  ///< of the parameters
  inlay::ModelSlot<ModelAtHostRate> slot_{{.voices = channels}};
  inlay::SmoothedValues<float> knobs_{knob_count, {.ramp_frames = 960, .max_frames = piece}};
  std::array<Delay, channels> delays_;
  std::array<std::array<float, piece>, channels> wet_{}, dry_{};
  Peaks input_peaks_{}, output_peaks_{};
  bool at_start_ = true;

  mutable std::mutex mutex_;  ///< of the two below. Hosts call back when the latency changes: not while it is locked
  Loaded loaded_;
  double rate_ = 48000;

  JUCE_DECLARE_NON_COPYABLE_WITH_LEAK_DETECTOR(Processor)
};

}  // namespace amp

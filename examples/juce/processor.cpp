#include "processor.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <inlay/plugin/levels.hpp>
#include <memory>
#include <utility>

#include "editor.hpp"

namespace amp {

namespace {

juce::AudioProcessorValueTreeState::ParameterLayout parameter_layout() {
  const auto level = [](const char* id, const char* name) {
    return std::make_unique<juce::AudioParameterFloat>(juce::ParameterID(id, 1), name,
                                                       juce::NormalisableRange<float>(-24, 24, 0.1f), 0.0f, "dB");
  };
  return {level("input", "Input"), level("output", "Output"),
          std::make_unique<juce::AudioParameterBool>(juce::ParameterID("bypass", 1), "Bypass", false)};
}

/// Paths of JUCE are UTF-8.
std::filesystem::path path_of(const juce::File& file) {
  return reinterpret_cast<const char8_t*>(file.getFullPathName().toRawUTF8());
}

/// The name of the file without its folders, the place, and what is wrong there.
juce::String in_one_line(const inlay::load_error& error, const juce::File& file) {
  const auto text = [](const std::string& s) { return juce::String::fromUTF8(s.data(), static_cast<int>(s.size())); };
  const juce::String layer = error.layer().empty() ? juce::String() : " (" + text(error.layer()) + ")";
  return (file.getFileName() + ": " + text(error.place()) + layer + ": expected " + text(error.expected()) +
          ", found " + text(error.found()))
      .replaceCharacter('\n', ' ');
}

void keep_peak(std::atomic<float>& peak, float value) noexcept {
  if (value > peak.load(std::memory_order_relaxed)) peak.store(value, std::memory_order_relaxed);
}

}  // namespace

Processor::Processor()
    : AudioProcessor(BusesProperties()
                         .withInput("Input", juce::AudioChannelSet::stereo())
                         .withOutput("Output", juce::AudioChannelSet::stereo())),
      parameters(*this, nullptr, "amp", parameter_layout()),
      values_{parameters.getRawParameterValue("input"), parameters.getRawParameterValue("output"),
              parameters.getRawParameterValue("bypass")} {}

bool Processor::isBusesLayoutSupported(const BusesLayout& layout) const {
  const auto stereo = juce::AudioChannelSet::stereo();
  return layout.getMainInputChannelSet() == stereo && layout.getMainOutputChannelSet() == stereo;
}

// --- the model ----------------------------------------------------------------------------------------

void Processor::load(const juce::File& file) {
  Loaded next{.model = {}, .file = file, .error = {}};
  try {
    if (file != juce::File()) next.model = Model::load(path_of(file));
    const std::lock_guard lock(mutex_);
    publish(next.model);
    loaded_ = std::move(next);
  } catch (const std::exception& error) {
    const auto* const with_place = dynamic_cast<const inlay::load_error*>(&error);
    const std::lock_guard lock(mutex_);
    loaded_.error = with_place ? in_one_line(*with_place, file) : file.getFileName() + ": " + error.what();
    if (!loaded_.model) loaded_.file = file;  // a session does not forget a file that is missing today
  }
  report_latency();
  sendChangeMessage();
}

Loaded Processor::loaded() const {
  const std::lock_guard lock(mutex_);
  return loaded_;
}

/// Files that do not state their sample rate are for 48 kHz. Files that state their loudness are brought to the same.
void Processor::publish(const std::optional<Model>& model) {
  if (!model) return slot_.clear();
  const double model_rate = model->sample_rate().value_or(48000);
  slot_.publish(ModelAtHostRate(*model, {.host_rate = rate_, .model_rate = model_rate}),
                inlay::gains_for(inlay::levels_of(model->info())));
}

// --- state --------------------------------------------------------------------------------------------

void Processor::getStateInformation(juce::MemoryBlock& data) {
  juce::ValueTree state = parameters.copyState();
  state.setProperty("model", loaded().file.getFullPathName(), nullptr);
  copyXmlToBinary(*state.createXml(), data);
}

void Processor::setStateInformation(const void* data, int size) {
  const auto xml = getXmlFromBinary(data, size);
  if (xml == nullptr || !xml->hasTagName(parameters.state.getType())) return;
  const auto state = juce::ValueTree::fromXml(*xml);
  parameters.replaceState(state);
  load(juce::File::createFileWithoutCheckingPath(state["model"].toString()));
}

// --- audio --------------------------------------------------------------------------------------------

void Processor::prepareToPlay(double rate, int) {
  change_rate(rate);
  slot_.reset();
  for (Delay& delay : delays_) delay.reset(slot_.latency());
  at_start_ = true;
  report_latency();
}

void Processor::change_rate(double rate) {
  const std::lock_guard lock(mutex_);
  if (rate == std::exchange(rate_, rate)) return;
  try {
    publish(loaded_.model);
  } catch (const std::exception& error) {
    slot_.clear();
    loaded_.error = error.what();
    sendChangeMessage();
  }
}

void Processor::processBlock(juce::AudioBuffer<float>& buffer, juce::MidiBuffer&) {
  const std::size_t latency = slot_.latency(), frames = static_cast<std::size_t>(buffer.getNumSamples());
  for (const std::size_t level : {input_level, output_level})
    knobs_.set(level, static_cast<float>(inlay::from_decibels(values_[level]->load(std::memory_order_relaxed))));
  knobs_.set(bypass, values_[bypass]->load(std::memory_order_relaxed));
  if (std::exchange(at_start_, false)) knobs_.jump();

  float* const* const audio = buffer.getArrayOfWritePointers();
  for (std::size_t done = 0; done < frames; done += piece) {
    const std::size_t n = std::min(piece, frames - done);
    const float* const* const knobs = knobs_.next(n);
    for (std::size_t c = 0; c < channels; ++c) {
      float peak = 0;
      for (std::size_t t = 0; t < n; ++t) {
        const float x = audio[c][done + t];
        wet_[c][t] = knobs[input_level][t] * x;
        dry_[c][t] = delays_[c].next(x, latency);
        peak = std::max(peak, std::abs(wet_[c][t]));
      }
      keep_peak(input_peaks_[c], peak);
    }
    float* const wet[channels] = {wet_[0].data(), wet_[1].data()};
    slot_.process(wet, wet, n);
    for (std::size_t c = 0; c < channels; ++c) {
      float peak = 0;
      for (std::size_t t = 0; t < n; ++t) {
        const float bypassed = knobs[bypass][t];
        float& y = audio[c][done + t];
        y = knobs[output_level][t] * wet_[c][t];
        if (bypassed > 0) y = (1 - bypassed) * y + bypassed * dry_[c][t];  // a damaged input is not heard else
        peak = std::max(peak, std::abs(y));
      }
      keep_peak(output_peaks_[c], peak);
    }
  }
}

std::array<float, channels> Processor::take(Peaks& peaks) noexcept {
  std::array<float, channels> taken;
  for (std::size_t c = 0; c < channels; ++c) taken[c] = peaks[c].exchange(0, std::memory_order_relaxed);
  return taken;
}

juce::AudioProcessorEditor* Processor::createEditor() { return new Editor(*this); }

}  // namespace amp

juce::AudioProcessor* JUCE_CALLTYPE createPluginFilter() { return new amp::Processor; }

/// Checks of the processor and the editor.
#include <cmath>
#include <cstdio>
#include <memory>

#include "../editor.hpp"
#include "host.hpp"

namespace host {

namespace {

constexpr int block = 256;

struct Files {
  juce::File model, broken, missing;
};

int failures = 0;

void expect(bool right, const char* what) {
  std::printf("%s %s\n", right ? "passed" : "FAILED", what);
  failures += right ? 0 : 1;
}

bool same(const Audio& a, const Audio& b) {
  for (int c = 0; c < a.getNumChannels(); ++c)
    for (int t = 0; t < a.getNumSamples(); ++t)
      if (a.getSample(c, t) != b.getSample(c, t)) return false;
  return true;
}

bool is_loud(const Audio& audio) { return audio.getMagnitude(0, audio.getNumSamples()) > 0.05f; }

std::unique_ptr<amp::Processor> playing(const juce::File& model, double rate = 48000) {
  auto processor = std::make_unique<amp::Processor>();
  processor->load(model);
  processor->prepareToPlay(rate, block);
  return processor;
}

void set(amp::Processor& processor, const char* id, float value) {
  juce::RangedAudioParameter* const parameter = processor.parameters.getParameter(id);
  parameter->setValueNotifyingHost(parameter->convertTo0to1(value));
}

Audio played(amp::Processor& processor, Audio audio) {
  play(processor, audio, block);
  return audio;
}

void check_state(const Files& files, const Audio& guitar) {
  const auto saved = playing(files.model);
  set(*saved, "input", 6);
  set(*saved, "output", -9);
  juce::MemoryBlock state;
  saved->getStateInformation(state);
  amp::Processor restored;
  restored.setStateInformation(state.getData(), static_cast<int>(state.getSize()));
  restored.prepareToPlay(48000, block);
  const Audio wanted = played(*saved, guitar), found = played(restored, guitar);
  expect(is_loud(wanted) && same(wanted, found), "a restored state gives the same bits");
  const auto untouched = playing(files.model);
  expect(!same(wanted, played(*untouched, guitar)), "the levels of the state are heard");

  saved->load(juce::File());
  saved->load(files.missing);
  saved->getStateInformation(state);
  restored.setStateInformation(state.getData(), static_cast<int>(state.getSize()));
  expect(saved->loaded().file == files.missing, "a state keeps the path of a missing file");
  expect(restored.loaded().file == files.model, "a missing file keeps the model before");
  restored.setStateInformation("no state", 8);
  expect(restored.loaded().file == files.model, "data that is no state changes nothing");
}

void check_broken_file(const Files& files, const Audio& guitar) {
  const auto steady = playing(files.model), tried = playing(files.model);
  Audio wanted = guitar, found = guitar;
  play(*steady, wanted, block);
  Audio first_half(found.getArrayOfWritePointers(), found.getNumChannels(), guitar.getNumSamples() / 2);
  play(*tried, first_half, block);
  tried->load(files.broken);
  play(*tried, found, block, first_half.getNumSamples());
  expect(same(wanted, found), "a broken file does not change what plays");
  expect(tried->loaded().file == files.model, "a broken file does not change the session");
  const juce::String error = tried->loaded().error;
  expect(error.startsWith(files.broken.getFileName() + ": ") && error.contains("layers[") && !error.contains("\n") &&
             !error.contains(files.broken.getParentDirectory().getFullPathName()),
         "the error names the file and the place, in one line, without folders");
  tried->load(files.model);
  expect(tried->loaded().error.isEmpty(), "a good file removes the error");
}

void check_levels(const Files& files, const Audio& guitar) {
  const auto plain = playing(files.model), louder = playing(files.model);
  set(*louder, "output", 20);
  const Audio quiet = played(*plain, guitar);
  Audio wanted = quiet;
  wanted.applyGain(10);
  expect(same(wanted, played(*louder, guitar)), "20 dB of output level are a factor of 10");
  expect(plain->take_output_peaks()[0] == quiet.getMagnitude(0, 0, quiet.getNumSamples()) &&
             plain->take_input_peaks()[1] == guitar.getMagnitude(1, 0, guitar.getNumSamples()),
         "the meters show the peaks of input and output");
  expect(plain->take_output_peaks()[0] == 0, "a peak is shown once");
}

void check_bypass(const Files& files, const Audio& guitar, double rate, bool late) {
  const auto processor = playing(files.model, rate);
  const int latency = processor->getLatencySamples();
  expect(late ? latency > 0 : latency == 0,
         late ? "the conversion is reported as latency" : "no conversion, no latency");
  set(*processor, "bypass", 1);
  const Audio found = played(*processor, guitar);
  bool right = true;
  for (int c = 0; c < guitar.getNumChannels(); ++c)
    for (int t = 0; t < guitar.getNumSamples(); ++t)
      right = right && found.getSample(c, t) == (t < latency ? 0 : guitar.getSample(c, t - latency));
  expect(right && processor->getBypassParameter()->getValue() == 1, "bypass is the input, later by the latency");
}

void check_instances(const Files& files, const Audio& guitar) {
  std::vector<std::unique_ptr<amp::Processor>> instances;
  std::vector<Audio> outputs(20, guitar);
  while (instances.size() < outputs.size()) instances.push_back(playing(files.model));
  juce::MidiBuffer no_midi;
  for (int done = 0; done < guitar.getNumSamples(); done += block)
    for (std::size_t i = 0; i < instances.size(); ++i) {
      Audio part(outputs[i].getArrayOfWritePointers(), outputs[i].getNumChannels(), done,
                 std::min(block, guitar.getNumSamples() - done));
      instances[i]->processBlock(part, no_midi);
    }
  bool right = is_loud(outputs[0]);
  for (const Audio& output : outputs) right = right && same(output, outputs[0]);
  expect(right, "20 instances give the same bits");
}

/// Pixels of the colour of what moves, in the middle of the window.
int bright_pixels(juce::Component& window) {
  const juce::Image image = window.createComponentSnapshot(window.getLocalBounds().reduced(130, 80));
  int count = 0;
  for (int y = 0; y < image.getHeight(); ++y)
    for (int x = 0; x < image.getWidth(); ++x) count += image.getPixelAt(x, y) == amp::colour::accent ? 1 : 0;
  return count;
}

void check_editor(const Files& files, const Audio& guitar) {
  amp::Processor processor;
  processor.prepareToPlay(48000, block);
  Audio audio;
  std::unique_ptr<juce::AudioProcessorEditor> window;
  const auto editor = [&]() -> amp::Editor& { return dynamic_cast<amp::Editor&>(*window); };
  const auto open = [&] {
    window.reset();
    window.reset(processor.createEditor());
    window->setVisible(true);
    window->addToDesktop(0);
    return true;
  };
  const auto drop = [&](const juce::File& file) {
    return [&editor, &file] { return editor().filesDropped({file.getFullPathName()}, 0, 0), true; };
  };
  // Messages and another thread bring what the window shows: the guitar plays until it is there.
  const auto comes = [&](const char* what, std::function<bool()> is_there) {
    return [&, what, is_there, tries = 0]() mutable {
      play(processor, audio = guitar, block);
      const bool there = is_there(), decided = there || ++tries == 300;
      if (decided) expect(there, what);
      return decided;
    };
  };
  const auto nothing = comes("the window says that there is no model",
                             [&] { return editor().name() == "No model" && bright_pixels(*window) == 0; });
  const auto curve =
      comes("the window shows the curve and the level on it", [&] { return bright_pixels(*window) > 20; });
  const auto name =
      comes("the window shows the name of the model", [&] { return editor().name().contains("preamplifier"); });
  const auto size = comes("the window shows the size of the network",
                          [&] { return editor().details().contains("1,781 parameters"); });
  const auto error = comes("the window shows why a file is refused", [&] {
    return editor().error().contains("layers[") && editor().error() == processor.loaded().error;
  });
  std::vector<std::function<bool()>> steps{open,  nothing, drop(files.model), curve, name, size, drop(files.broken),
                                           error, name};
  for (int i = 0; i < 5; ++i) steps.insert(steps.end(), {open, curve, name, size});
  steps.push_back([&] { return window.reset(), true; });
  run_steps(std::move(steps));
}

}  // namespace

int check(const juce::File& model, const juce::File& wav, const juce::File& folder) {
  const Files files{model, folder.getChildFile("broken.json"), folder.getChildFile("missing.json")};
  files.broken.replaceWithText(model.loadFileAsString().replace("\"shape\": [1, 80]", "\"shape\": [1, 79]"));
  double rate = 0;
  const Audio all = read_wav(wav, rate);
  Audio guitar(all.getNumChannels(), 6000);
  for (int c = 0; c < guitar.getNumChannels(); ++c) guitar.copyFrom(c, 0, all, c, 0, guitar.getNumSamples());

  check_state(files, guitar);
  check_broken_file(files, guitar);
  check_levels(files, guitar);
  check_bypass(files, guitar, 48000, false);
  check_bypass(files, guitar, 96000, true);
  check_instances(files, guitar);
  check_editor(files, guitar);
  return failures;
}

}  // namespace host

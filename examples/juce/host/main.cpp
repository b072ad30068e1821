/// juce_amp_host: runs the processor without an audio device.
///
///     juce_amp_host render MODEL IN.wav OUT.wav BLOCK
///     juce_amp_host check MODEL IN.wav FOLDER
///     juce_amp_host picture MODEL IN.wav OUT.png
#include <X11/Xlib.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include "host.hpp"
#include "realtime/realtime.hpp"

namespace host {

Audio read_wav(const juce::File& file, double& rate) {
  juce::WavAudioFormat format;
  const std::unique_ptr<juce::AudioFormatReader> reader(
      format.createReaderFor(file.createInputStream().release(), true));
  if (!reader) throw std::runtime_error("cannot read " + file.getFullPathName().toStdString());
  Audio audio(amp::channels, static_cast<int>(reader->lengthInSamples));
  reader->read(&audio, 0, audio.getNumSamples(), 0, true, true);
  rate = reader->sampleRate;
  return audio;
}

void write_wav(const juce::File& file, const Audio& audio, double rate) {
  file.deleteFile();
  juce::WavAudioFormat format;
  const std::unique_ptr<juce::AudioFormatWriter> writer(
      format.createWriterFor(file.createOutputStream().release(), rate, amp::channels, 32, {}, 0));
  if (!writer || !writer->writeFromAudioSampleBuffer(audio, 0, audio.getNumSamples()))
    throw std::runtime_error("cannot write " + file.getFullPathName().toStdString());
}

void play(amp::Processor& processor, Audio& audio, int block, int first) {
  juce::MidiBuffer no_midi;
  for (int done = first; done < audio.getNumSamples(); done += block) {
    Audio part(audio.getArrayOfWritePointers(), audio.getNumChannels(), done,
               std::min(block, audio.getNumSamples() - done));
    const std::string violation = realtime::check([&] { processor.processBlock(part, no_midi); });
    if (!violation.empty()) throw std::runtime_error("on the audio thread, the processor " + violation);
  }
}

void run_steps(std::vector<std::function<bool()>> steps) {
  struct Runner final : juce::Timer {
    explicit Runner(std::vector<std::function<bool()>> s) : steps(std::move(s)) { startTimer(100); }
    void timerCallback() override {
      if (next < steps.size() && steps[next]()) ++next;
      if (next < steps.size()) return;
      stopTimer();
      juce::MessageManager::getInstance()->stopDispatchLoop();
    }
    std::vector<std::function<bool()>> steps;
    std::size_t next = 0;
  } runner(std::move(steps));
  juce::MessageManager::getInstance()->runDispatchLoop();
}

namespace {

void render(const juce::File& model, const juce::File& in, const juce::File& out, int block) {
  double rate = 0;
  Audio audio = read_wav(in, rate);
  amp::Processor processor;
  processor.setRateAndBufferSizeDetails(rate, block);
  processor.prepareToPlay(rate, block);
  processor.load(model);
  if (!processor.loaded().model) throw std::runtime_error(processor.loaded().error.toStdString());
  processor.prepareToPlay(rate, block);
  play(processor, audio, block);
  write_wav(out, audio, rate);
}

/// A display without a window manager does not know these names, and JUCE 7.0.5 then fails to open a window.
void make_names_known() {
  static Display* const display = XOpenDisplay(nullptr);  // open until the end: a display without users forgets names
  if (display == nullptr) return;
  for (const char* const name :
       {"WM_PROTOCOLS", "WM_TAKE_FOCUS", "WM_DELETE_WINDOW", "_NET_WM_PING", "WM_STATE", "WM_CHANGE_STATE",
        "_NET_WM_STATE", "_NET_WM_STATE_HIDDEN", "_NET_WM_USER_TIME", "_NET_FRAME_EXTENTS", "_NET_WORKAREA"})
    XInternAtom(display, name, False);
  XSync(display, False);
}

}  // namespace

}  // namespace host

int main(int count, char** words) try {
  const auto file = [&](int i) { return juce::File::getCurrentWorkingDirectory().getChildFile(words[i]); };
  const juce::String command = count > 1 ? words[1] : "";
  host::make_names_known();
  const juce::ScopedJuceInitialiser_GUI juce;
  if (command == "render" && count == 6)
    return host::render(file(2), file(3), file(4), juce::String(words[5]).getIntValue()), 0;
  if (command == "check" && count == 5) return host::check(file(2), file(3), file(4)) > 0 ? 1 : 0;
  if (command == "picture" && count == 5) return host::take_picture(file(2), file(3), file(4)), 0;
  std::fprintf(stderr, "usage: juce_amp_host render|check|picture MODEL IN.wav OUT [BLOCK]\n");
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "juce_amp_host: %s\n", error.what());
  return 1;
}

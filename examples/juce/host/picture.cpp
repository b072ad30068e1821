#include <memory>
#include <stdexcept>

#include "host.hpp"

namespace host {

void take_picture(const juce::File& model, const juce::File& wav, const juce::File& png) {
  double rate = 0;
  Audio audio = read_wav(wav, rate);
  amp::Processor processor;
  processor.prepareToPlay(rate, 512);
  processor.load(model);
  const std::unique_ptr<juce::AudioProcessorEditor> editor(processor.createEditor());
  editor->setVisible(true);
  editor->addToDesktop(0);

  // A tenth of a second of audio in each step. JUCE shows its name in the first seconds.
  const int part = static_cast<int>(rate / 10);
  int first = 0;
  std::vector<std::function<bool()>> steps(55, [&] {
    Audio next(audio.getArrayOfWritePointers(), audio.getNumChannels(), first, part);
    play(processor, next, 512);
    first += part;
    return true;
  });
  steps.push_back([&] {
    const juce::Image image = editor->createComponentSnapshot(editor->getLocalBounds(), true, 2);
    png.deleteFile();
    const auto stream = png.createOutputStream();
    if (!stream || !juce::PNGImageFormat().writeImageToStream(image, *stream))
      throw std::runtime_error("cannot write " + png.getFullPathName().toStdString());
    return true;
  });
  run_steps(std::move(steps));
}

}  // namespace host

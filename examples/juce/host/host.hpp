/// A host of the processor without an audio device, for tests and for the picture in the guide.
#pragma once

#include <juce_audio_utils/juce_audio_utils.h>

#include <functional>
#include <vector>

#include "../processor.hpp"

namespace host {

using Audio = juce::AudioBuffer<float>;

/// Reads a stereo WAV file; mono is put on both sides. Throws std::runtime_error.
Audio read_wav(const juce::File& file, double& rate);
void write_wav(const juce::File& file, const Audio& audio, double rate);

/// Plays audio in place, from frame `first` on. Throws std::runtime_error if the processor allocates, frees or locks.
void play(amp::Processor& processor, Audio& audio, int block, int first = 0);

/// Runs steps with the message loop, one each tenth of a second. A step that returns false is run again.
void run_steps(std::vector<std::function<bool()>> steps);

/// Checks the processor and the editor. Prints what fails and returns how many did.
int check(const juce::File& model, const juce::File& wav, const juce::File& folder);

/// Opens the window, plays, and writes what it looks like after some seconds.
void take_picture(const juce::File& model, const juce::File& wav, const juce::File& png);

}  // namespace host

/// Meter: the levels of the channels of a signal, from -60 dB to full scale.
#pragma once

#include <juce_audio_utils/juce_audio_utils.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "look.hpp"

namespace amp {

template <std::size_t Channels>
class Meter final : public juce::Component {
 public:
  /// Takes the peaks since the last call. What is shown rises at once and falls slowly.
  void show(const std::array<float, Channels>& peaks) {
    for (std::size_t c = 0; c < Channels; ++c) shown_[c] = std::max(peaks[c], fall * shown_[c]);
    repaint();
  }
  /// The level that is shown, as a factor of full scale, of the loudest channel.
  float level() const { return *std::max_element(shown_.begin(), shown_.end()); }

  void paint(juce::Graphics& g) override {
    auto area = getLocalBounds().toFloat();
    const float width = (area.getWidth() - gap * (Channels - 1)) / Channels;
    for (const float level : shown_) {
      auto bar = area.removeFromLeft(width);
      area.removeFromLeft(gap);
      g.setColour(colour::panel);
      g.fillRoundedRectangle(bar, 3);
      const float decibels = juce::Decibels::gainToDecibels(level, lowest);
      g.setColour(level < 1 ? colour::accent : colour::error);
      g.fillRoundedRectangle(bar.removeFromBottom(bar.getHeight() * std::min(1.0f, 1 - decibels / lowest)), 3);
    }
  }

 private:
  static constexpr float lowest = -60, gap = 4, fall = 0.9f;
  std::array<float, Channels> shown_{};
};

}  // namespace amp

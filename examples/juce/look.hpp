/// Look: colours, and how knobs are drawn.
#pragma once

#include <juce_audio_utils/juce_audio_utils.h>

namespace amp {

namespace colour {
inline const juce::Colour window{0xff1b1e23}, panel{0xff24282f}, line{0xff3a404a}, text{0xffe4e6ea}, dim{0xff8b93a1},
    accent{0xffe0a458}, error{0xffe57368};
}  // namespace colour

inline juce::Font font(float height, bool bold = false) {
  return juce::Font(height, bold ? juce::Font::bold : juce::Font::plain);
}

class Look final : public juce::LookAndFeel_V4 {
 public:
  Look() {
    setColour(juce::Slider::textBoxTextColourId, colour::text);
    setColour(juce::Slider::textBoxOutlineColourId, juce::Colours::transparentBlack);
    setColour(juce::TextButton::buttonColourId, colour::panel);
    setColour(juce::TextButton::buttonOnColourId, colour::accent);
    setColour(juce::TextButton::textColourOffId, colour::text);
    setColour(juce::TextButton::textColourOnId, colour::window);
    setColour(juce::ComboBox::outlineColourId, colour::line);  // of buttons, too
  }

  /// An arc from 0 dB, which is at the top, to the value.
  void drawRotarySlider(juce::Graphics& g, int x, int y, int width, int height, float position, float start, float end,
                        juce::Slider&) override {
    const auto area = juce::Rectangle<int>(x, y, width, height).toFloat();
    const auto centre = area.getCentre();
    const float radius = std::min(area.getWidth(), area.getHeight()) / 2 - 4;
    const float angle = start + position * (end - start), top = (start + end) / 2;
    const auto draw_arc = [&](float from, float to, juce::Colour colour) {
      juce::Path arc;
      arc.addCentredArc(centre.x, centre.y, radius, radius, 0, from, to, true);
      g.setColour(colour);
      g.strokePath(arc, {4, juce::PathStrokeType::curved, juce::PathStrokeType::rounded});
    };
    draw_arc(start, end, colour::line);
    draw_arc(std::min(top, angle), std::max(top, angle), colour::accent);
    g.setColour(colour::text);
    g.drawLine(
        {centre.getPointOnCircumference(radius * 0.35f, angle), centre.getPointOnCircumference(radius * 0.75f, angle)},
        2.5f);
  }
};

}  // namespace amp

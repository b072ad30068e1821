#include "curve_view.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "look.hpp"

namespace amp {

void CurveView::compute(std::optional<inlay::Model<float>> model) {
  curve_ = {};
  next_ = {};
  if (model) next_ = std::async(std::launch::async, [m = *std::move(model)] { return TransferCurve(m); });
  repaint();
}

void CurveView::update(float level) {
  if (next_.valid() && next_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    curve_ = next_.get();
    for (largest_ = 0.25f; largest_ < curve_.peak() && largest_ < 1024; largest_ *= 2) {
    }
  }
  level_ = std::min(level, 1.0f);
  repaint();
}

juce::Point<float> CurveView::place(float x, float y) const {
  const auto area = getLocalBounds().toFloat().reduced(34, 24);
  return {area.getCentreX() + x * area.getWidth() / 2, area.getCentreY() - y / largest_ * area.getHeight() / 2};
}

juce::Path CurveView::path(float from, float to) const {
  juce::Path path;
  path.startNewSubPath(place(from, curve_.at(from)));
  for (std::size_t point = 0; point < TransferCurve::points; ++point)
    if (const float x = TransferCurve::x(point); from < x && x < to) path.lineTo(place(x, curve_.y(point)));
  path.lineTo(place(to, curve_.at(to)));
  return path;
}

void CurveView::paint(juce::Graphics& g) {
  g.setColour(colour::panel);
  g.fillRoundedRectangle(getLocalBounds().toFloat(), 8);

  g.setColour(colour::line);
  for (const float at : {-1.0f, -0.5f, 0.0f, 0.5f, 1.0f}) {
    const float width = at == 0 ? 1.5f : 0.5f;
    g.drawLine({place(at, -largest_), place(at, largest_)}, width);
    g.drawLine({place(-1, at * largest_), place(1, at * largest_)}, width);
  }
  g.setColour(colour::dim);
  g.setFont(font(12));
  const auto label = [&](const juce::String& text, juce::Point<float> middle) {
    g.drawText(text, juce::Rectangle<float>(60, 14).withCentre(middle), juce::Justification::centred);
  };
  label("in", place(1, 0).translated(14, 0));
  label("out", place(0, largest_).translated(0, -10));
  for (const float edge : {-1.0f, 1.0f}) {
    label(juce::String(edge), place(edge, -largest_).translated(0, 10));
    label(juce::String(edge * largest_), place(-1, edge * largest_).translated(-16, 0));
  }
  if (curve_.empty()) return;

  g.setColour(colour::dim);
  g.strokePath(path(-1, 1), {2, juce::PathStrokeType::curved});
  if (level_ < 0.001f) return;
  g.setColour(colour::accent);
  g.strokePath(path(-level_, level_), {3, juce::PathStrokeType::curved, juce::PathStrokeType::rounded});
  for (const float x : {-level_, level_})
    g.fillEllipse(juce::Rectangle<float>(9, 9).withCentre(place(x, curve_.at(x))));
}

}  // namespace amp

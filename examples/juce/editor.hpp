/// Editor: the window. It belongs to the message thread.
#pragma once

#include <juce_audio_utils/juce_audio_utils.h>

#include <memory>

#include "curve_view.hpp"
#include "look.hpp"
#include "meter.hpp"
#include "processor.hpp"

namespace amp {

class Editor final : public juce::AudioProcessorEditor,
                     public juce::FileDragAndDropTarget,
                     private juce::ChangeListener,
                     private juce::Timer {
 public:
  explicit Editor(Processor& owner);
  ~Editor() override;

  /// The lines that the window shows: name and size of the network, and the error of the last file.
  juce::String name() const { return name_.getText(); }
  juce::String details() const { return details_.getText(); }
  juce::String error() const { return error_.getText(); }

  void paint(juce::Graphics& g) override;
  void resized() override;
  bool isInterestedInFileDrag(const juce::StringArray& files) override { return files.size() == 1; }
  void fileDragEnter(const juce::StringArray&, int, int) override { show_drag(true); }
  void fileDragExit(const juce::StringArray&) override { show_drag(false); }
  void filesDropped(const juce::StringArray& files, int, int) override;

 private:
  using Sliders = juce::AudioProcessorValueTreeState::SliderAttachment;
  using Buttons = juce::AudioProcessorValueTreeState::ButtonAttachment;

  /// A title, a meter and a knob below each other.
  struct Side {
    Side(Editor& editor, const char* id, const char* title);
    void place(juce::Rectangle<int> area);

    juce::Label title;
    Meter<channels> meter;
    juce::Slider knob{juce::Slider::RotaryHorizontalVerticalDrag, juce::Slider::TextBoxBelow};
    Sliders attachment;
  };

  void choose_file();
  void show_model();
  void show_drag(bool on);
  void changeListenerCallback(juce::ChangeBroadcaster*) override { show_model(); }
  void timerCallback() override;

  Processor& processor_;
  Look look_;
  juce::TooltipWindow tooltips_{this};
  juce::Label name_, details_, error_;
  juce::TextButton open_{"Open..."}, bypass_{"Bypass"};
  Buttons bypass_attachment_;
  Side input_, output_;
  CurveView curve_;
  std::unique_ptr<juce::FileChooser> chooser_;
  bool dragged_over_ = false;

  JUCE_DECLARE_NON_COPYABLE_WITH_LEAK_DETECTOR(Editor)
};

}  // namespace amp

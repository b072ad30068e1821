#include "editor.hpp"

namespace amp {

namespace {

juce::String grouped(std::size_t number) {
  juce::String digits(static_cast<juce::int64>(number));
  for (int i = digits.length() - 3; i > 0; i -= 3) digits = digits.substring(0, i) + "," + digits.substring(i);
  return digits;
}

/// The name in the file's metadata, or that of the file.
juce::String name_of(const Loaded& loaded) {
  const std::string& metadata = loaded.model->info().metadata;
  const juce::String name = juce::JSON::parse(juce::String::fromUTF8(metadata.c_str()))["name"].toString();
  return name.isNotEmpty() ? name : loaded.file.getFileNameWithoutExtension();
}

juce::String details_of(const Loaded& loaded) {
  const Model& model = *loaded.model;
  juce::String rate = "sample rate not stated";
  if (model.sample_rate()) rate = juce::String(*model.sample_rate() / 1000) + " kHz";
  const juce::String between = juce::String::fromUTF8("  \xc2\xb7  ");
  return loaded.file.getFileName() + between + grouped(model.parameters()) + " parameters" + between +
         grouped(model.macs_per_sample()) + " multiplications a sample" + between + rate;
}

}  // namespace

Editor::Side::Side(Editor& editor, const char* id, const char* name)
    : title({}, name), attachment(editor.processor_.parameters, id, knob) {
  title.setJustificationType(juce::Justification::centred);
  title.setColour(juce::Label::textColourId, colour::dim);
  title.setFont(font(13));
  knob.setTextBoxStyle(juce::Slider::TextBoxBelow, false, 80, 18);
  knob.setTextValueSuffix(" dB");
  knob.setDoubleClickReturnValue(true, 0);
  for (juce::Component* part : {static_cast<juce::Component*>(&title), static_cast<juce::Component*>(&meter),
                                static_cast<juce::Component*>(&knob)})
    editor.addAndMakeVisible(part);
}

void Editor::Side::place(juce::Rectangle<int> area) {
  title.setBounds(area.removeFromTop(20));
  knob.setBounds(area.removeFromBottom(92));
  meter.setBounds(area.withTrimmedTop(6).withTrimmedBottom(12).withSizeKeepingCentre(24, area.getHeight() - 18));
}

Editor::Editor(Processor& owner)
    : AudioProcessorEditor(owner),
      processor_(owner),
      bypass_attachment_(owner.parameters, "bypass", bypass_),
      input_(*this, "input", "Input"),
      output_(*this, "output", "Output") {
  setLookAndFeel(&look_);
  for (juce::Component* part :
       std::initializer_list<juce::Component*>{&name_, &details_, &error_, &open_, &bypass_, &curve_})
    addAndMakeVisible(part);
  name_.setFont(font(21, true));
  details_.setFont(font(14));
  error_.setFont(font(14));
  for (juce::Label* label : {&name_, &details_, &error_}) label->setBorderSize({});
  name_.setColour(juce::Label::textColourId, colour::text);
  details_.setColour(juce::Label::textColourId, colour::dim);
  open_.onClick = [this] { choose_file(); };
  bypass_.setClickingTogglesState(true);
  setSize(680, 440);
  processor_.addChangeListener(this);
  show_model();
  startTimerHz(30);
}

Editor::~Editor() {
  processor_.removeChangeListener(this);
  setLookAndFeel(nullptr);
}

void Editor::choose_file() {
  chooser_ = std::make_unique<juce::FileChooser>("Open a model", processor_.loaded().file, "*.nam;*.namb;*.json");
  chooser_->launchAsync(juce::FileBrowserComponent::openMode | juce::FileBrowserComponent::canSelectFiles,
                        [this](const juce::FileChooser& chooser) {
                          if (const juce::File file = chooser.getResult(); file != juce::File()) processor_.load(file);
                        });
}

void Editor::filesDropped(const juce::StringArray& files, int, int) {
  show_drag(false);
  processor_.load(juce::File(files[0]));
}

void Editor::show_drag(bool on) {
  dragged_over_ = on;
  repaint();
}

void Editor::show_model() {
  const Loaded loaded = processor_.loaded();
  name_.setText(loaded.model ? name_of(loaded) : "No model", juce::dontSendNotification);
  details_.setText(loaded.model ? details_of(loaded) : "The input passes", juce::dontSendNotification);
  const bool failed = loaded.error.isNotEmpty();
  error_.setText(failed ? loaded.error : "Open a model, or drop one here: .nam, .namb or .json",
                 juce::dontSendNotification);
  error_.setTooltip(loaded.error);
  error_.setColour(juce::Label::textColourId, failed ? colour::error : colour::dim);
  curve_.compute(loaded.model);
}

void Editor::timerCallback() {
  input_.meter.show(processor_.take_input_peaks());
  output_.meter.show(processor_.take_output_peaks());
  curve_.update(input_.meter.level());
}

void Editor::paint(juce::Graphics& g) {
  g.fillAll(colour::window);
  if (!dragged_over_) return;
  g.setColour(colour::accent);
  g.drawRect(getLocalBounds(), 3);
}

void Editor::resized() {
  auto area = getLocalBounds().reduced(20);
  auto header = area.removeFromTop(46);
  bypass_.setBounds(header.removeFromRight(84).withSizeKeepingCentre(84, 30));
  header.removeFromRight(8);
  open_.setBounds(header.removeFromRight(84).withSizeKeepingCentre(84, 30));
  header.removeFromRight(12);
  name_.setBounds(header.removeFromTop(26));
  details_.setBounds(header);
  area.removeFromTop(14);
  error_.setBounds(area.removeFromBottom(20));
  area.removeFromBottom(12);
  input_.place(area.removeFromLeft(84));
  output_.place(area.removeFromRight(84));
  curve_.setBounds(area.reduced(12, 0));
}

}  // namespace amp

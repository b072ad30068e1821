/// CurveView: draws the transfer curve of a model, and on it the present level of the input.
#pragma once

#include <juce_audio_utils/juce_audio_utils.h>

#include <future>
#include <inlay/run_time.hpp>
#include <optional>

#include "transfer_curve.hpp"

namespace amp {

class CurveView final : public juce::Component {
 public:
  /// Computes the curve of a copy of the model on another thread. `update` shows it when it is there.
  void compute(std::optional<inlay::Model<float>> model);
  /// Call this many times a second. `level` is that of the model's input, as a factor of full scale.
  void update(float level);

  void paint(juce::Graphics& g) override;

 private:
  juce::Point<float> place(float x, float y) const;
  juce::Path path(float from, float to) const;

  TransferCurve curve_;
  std::future<TransferCurve> next_;  ///< waits for the thread when it is destroyed or replaced
  float level_ = 0, largest_ = 1;    ///< at the edge of the view: input 1, output `largest_`
};

}  // namespace amp

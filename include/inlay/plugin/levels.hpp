/// Levels: what a model file says about loudness, and the gains that follow from it.
#pragma once

#include <cmath>
#include <optional>

#include "inlay/core/compiled.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/plugin/gains.hpp"

namespace inlay {

/// Levels that Neural Amp Modeler and its users store in the metadata of a file. Each may be missing.
struct ModelLevels {
  /// `loudness`: level in dB of the model's output for the trainer's test signal.
  std::optional<double> loudness;
  /// `input_level_dbu`, `output_level_dbu`: level in dBu (RMS) of a sine with a peak of 1.0, at the input and at the
  /// output of the device that was recorded.
  std::optional<double> input_level_dbu, output_level_dbu;
  /// `gain`: how much the model distorts, from 0 (clean) to 1, to sort files by. It is no level.
  std::optional<double> gain;
};

/// Returns the levels in the metadata of a file. Throws load_error if one of them is not a number, or beyond 200 dB.
/// Not real-time safe.
ModelLevels levels_of(const ModelInfo& info);

/// Converts decibels to a factor.
inline double from_decibels(double decibels) { return std::pow(10.0, decibels / 20.0); }

/// What the output of a model is brought to.
enum class OutputLevel {
  raw,         ///< nothing: as the model gives it
  normalized,  ///< the same loudness for all models. The default of Neural Amp Modeler's plugin
  calibrated,  ///< the level of the device that was recorded
};

/// Settings of a plugin that decide the gains. The defaults are those of Neural Amp Modeler's plugin.
struct LevelOptions {
  OutputLevel output = OutputLevel::normalized;
  /// Whether the input is brought to the level of the device that was recorded.
  bool calibrate_input = false;
  /// Level in dBu (RMS) of a sine with a peak of 1.0 at the audio interface. Used for calibration.
  double interface_dbu = 12.0;
  /// Loudness in dB of `OutputLevel::normalized`.
  double loudness = -18.0;
};

/// Returns the gains that Neural Amp Modeler's plugin uses, its level knobs not included. A level that the file does
/// not state changes nothing. In decibels:
///
///     in  = interface_dbu - input_level_dbu      if calibrate_input
///     out = loudness of the options - loudness   normalized
///     out = output_level_dbu - interface_dbu     calibrated
///
/// Source: NeuralAmpModelerPlugin, _SetInputGain and _SetOutputGain.
inline Gains gains_for(const ModelLevels& levels, const LevelOptions& options = {}) {
  double in = 0, out = 0;
  if (options.calibrate_input && levels.input_level_dbu) in = options.interface_dbu - *levels.input_level_dbu;
  if (options.output == OutputLevel::normalized && levels.loudness) out = options.loudness - *levels.loudness;
  if (options.output == OutputLevel::calibrated && levels.output_level_dbu)
    out = *levels.output_level_dbu - options.interface_dbu;
  return {from_decibels(in), from_decibels(out)};
}

}  // namespace inlay

#if !defined(INLAY_COMPILED)
#include "inlay/plugin/levels.ipp"
#endif

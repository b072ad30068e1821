/// Options of a ModelSlot.
#pragma once

#include <cstddef>

#include "inlay/plugin/guarded.hpp"

namespace inlay {

/// What a slot gives while it has no model.
enum class EmptySlot {
  passes,  ///< its input; channels of the output that the input does not have are silent
  silent,
};

/// Options of a ModelSlot.
struct SlotOptions {
  /// Channels of a model. Other models are refused. Types know theirs and ignore these two.
  std::size_t in = 1, out = 1;
  /// Side channels that `process` gets. A model may have fewer: it gets the first ones. Types ignore this, too.
  std::size_t condition = 0;
  /// Signals that go through the model separately: 2 for stereo through a mono model.
  std::size_t voices = 1;
  /// Length in frames of the crossfade from one model to the next.
  std::size_t fade_frames = 1024;
  /// Frames of recent input that a new model hears before it is heard. A network with a shorter receptive field hears
  /// as many as that.
  std::size_t history = 16384;
  EmptySlot empty = EmptySlot::passes;
  GuardOptions guard{};
};

}  // namespace inlay

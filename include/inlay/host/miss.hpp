/// Miss: what is heard when a result is late.
#pragma once

#include <cstddef>
#include <functional>

namespace inlay::host {

/// What an output gets for frames whose result is late or failed. Transitions are crossfaded.
enum class Miss {
  silence,
  /// The last value.
  hold,
  /// The input, as late as the output would have been. For an output with the hop of the first streaming input.
  dry,
  /// `SessionOptions::fill` decides.
  custom
};

/// Frames to fill in, for `SessionOptions::fill`.
struct MissingFrames {
  std::size_t port;   ///< the output
  float* const* out;  ///< its channels, from the first missing frame on
  std::size_t channels;
  std::size_t frames;
};

/// Fills in missing frames. Called on the audio thread: must be real-time safe.
using Fill = std::function<void(const MissingFrames&)>;

}  // namespace inlay::host

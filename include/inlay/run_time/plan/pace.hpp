/// Pace: when a signal has a frame, for frames of a network's input.
#pragma once

#include <cstddef>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/layer_traits.hpp"

namespace inlay::INLAY_ISA::plan {

/// The steps on a signal's way that changed its rate. Two signals have their frames at the same time if these are the
/// same, not merely of the same rate.
class Pace {
  struct Change {
    std::size_t step;
    Rate rate;
    bool operator==(const Change&) const = default;
  };

 public:
  void change(std::size_t step, Rate rate) {
    if (rate != Rate{}) changes_.push_back({step, rate});
  }
  bool operator==(const Pace&) const = default;

  /// Whether each frame of the input gives one.
  bool one_to_one() const noexcept { return changes_.empty(); }
  /// Frames of it for frames of the input.
  Rate rate() const noexcept {
    Rate product;
    for (const Change& c : changes_) product = product * c.rate;
    return product;
  }
  /// The most that `frames` frames of the input can give.
  std::size_t max_output_frames(std::size_t frames) const noexcept {
    for (const Change& c : changes_) frames = (frames * c.rate.out + c.rate.in - 1) / c.rate.in;
    return frames;
  }
  /// Frames of the input for which no signal on the way has more frames than a tile; 0 if one has more for a single
  /// frame.
  std::size_t tile() const noexcept {
    std::size_t frames = tile_frames;
    while (frames > 0 && peak(frames) > tile_frames) --frames;
    return frames;
  }

 private:
  std::size_t peak(std::size_t frames) const noexcept {
    std::size_t most = frames;
    for (const Change& c : changes_) {
      frames = (frames * c.rate.out + c.rate.in - 1) / c.rate.in;
      most = frames > most ? frames : most;
    }
    return most;
  }

  std::vector<Change> changes_;
};

}  // namespace inlay::INLAY_ISA::plan

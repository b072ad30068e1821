/// Pace: the rate changes between a network's input and a signal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA::plan {

/// The rate-changing steps that a signal passed, in order. Two signals have their frames at the same time if they
/// passed the same steps. Equal rates are not sufficient. Steps after a cut run in tiles of their own.
class Pace {
  struct Change {
    std::size_t step;
    Rate rate;
    bool operator==(const Change&) const = default;
    std::size_t max_output_frames(std::size_t frames) const noexcept {
      return bounded((std::uint64_t{frames} * rate.out + rate.in - 1) / rate.in);
    }
  };

 public:
  void change(std::size_t step, Rate rate) {
    if (rate != Rate{}) changes_.push_back({step, rate});
  }
  bool operator==(const Pace&) const = default;

  /// Number of rate-changing steps.
  std::size_t changes() const noexcept { return changes_.size(); }
  /// Returns whether each input frame gives one frame.
  bool one_to_one() const noexcept { return changes_.empty(); }
  /// Frames of the signal per frames of the input.
  Rate rate() const noexcept {
    Rate product;
    for (const Change& c : changes_) product = product * c.rate;
    return product;
  }
  double frames_per_input() const noexcept {
    const Rate r = rate();
    return static_cast<double>(r.out) / static_cast<double>(r.in);
  }
  /// Largest number of frames of the signal for `frames` input frames.
  std::size_t max_output_frames(std::size_t frames) const noexcept {
    for (const Change& c : changes_) frames = c.max_output_frames(frames);
    return frames;
  }
  /// Begins a stage of the program, see `Program::cut`.
  void cut() noexcept { first_ = changes_.size(); }
  /// Largest number of input frames of the stage for which none of its signals exceeds a tile; 0 if a single frame
  /// does.
  std::size_t tile() const noexcept {
    std::size_t frames = tile_frames;
    while (frames > 0 && peak(frames) > tile_frames) --frames;
    return frames;
  }

 private:
  /// Largest number of frames of any signal of the stage.
  std::size_t peak(std::size_t frames) const noexcept {
    std::size_t most = frames;
    for (std::size_t i = first_; i < changes_.size(); ++i) {
      frames = changes_[i].max_output_frames(frames);
      most = frames > most ? frames : most;
    }
    return most;
  }

  std::vector<Change> changes_;
  std::size_t first_ = 0;  ///< change of the stage
};

}  // namespace inlay::INLAY_ISA::plan

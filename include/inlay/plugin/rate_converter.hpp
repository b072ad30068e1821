/// RateConverter: a stream that is written at one sample rate and read at another.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/plugin/interpolation_filter.hpp"

namespace inlay::INLAY_ISA::detail {

/// Two sample rates as integers without a common divisor: `from` frames last as long as `to` frames.
struct RateRatio {
  std::size_t from, to;
};

/// Several channels that are written at the rate `from` and read at the rate `to`. Output j is the filter's value at
/// the time j from / to - late / to - reach, in input frames: with `late` = 0, output 0 needs input 0 and no later one.
/// Before input 0 is silence.
///
/// Times are integers and integer fractions of a frame, so no rounding adds up. An output is computed from the same
/// numbers in the same order however the signal is cut into calls.
///
/// Real-time safe, but for the constructor.
template <class T>
class RateConverter {
 public:
  /// `filter` has `ratio.to` phases and outlives this object. At most `room` frames are written at once. Allocates.
  RateConverter(const InterpolationFilter<T>& filter, RateRatio ratio, std::size_t late, std::size_t channels,
                std::size_t room)
      : filter_(&filter),
        ratio_(ratio),
        silence_(filter_->taps() - 1 + (late + ratio.to - 1) / ratio.to),
        start_phase_((ratio.to - late % ratio.to) % ratio.to),
        // Frames that were read stay as long as there is room: they are moved after many short calls, not in each.
        stride_(silence_ + 2 * (ratio.from / ratio.to) + 4 + 2 * room),
        memory_(channels * stride_),
        ends_(channels) {
    reset();
  }

  /// Goes to the start of a signal.
  void reset() noexcept {
    std::fill(memory_.begin(), memory_.end(), T(0));
    first_ = 0;
    phase_ = start_phase_;
    end_ = silence_;
  }

  /// Returns where the next `frames` frames of each channel are to be written. `wrote(frames)` follows.
  T* const* room_for(std::size_t frames) noexcept {
    if (end_ + frames > stride_) {
      for (std::size_t c = 0; c < ends_.size(); ++c) std::copy(channel(c) + first_, channel(c) + end_, channel(c));
      end_ -= first_;
      first_ = 0;
    }
    assert(end_ + frames <= stride_);
    for (std::size_t c = 0; c < ends_.size(); ++c) ends_[c] = channel(c) + end_;
    return ends_.data();
  }
  void wrote(std::size_t frames) noexcept { end_ += frames; }

  /// Returns the number of frames that can be read.
  std::size_t ready() const noexcept {
    const std::size_t last = first_ + filter_->taps();  // the end of what the next output reads
    return last > end_ ? 0 : ((end_ - last + 1) * ratio_.to - phase_ + ratio_.from - 1) / ratio_.from;
  }

  /// Reads `frames` frames of each channel, at most `ready()`.
  void read(T* const* out, std::size_t frames) noexcept {
    assert(frames <= ready());
    const std::size_t step = ratio_.from / ratio_.to, phase_step = ratio_.from % ratio_.to;
    std::size_t first = first_, phase = phase_;
    for (std::size_t c = 0; c < ends_.size(); ++c) {
      first = first_, phase = phase_;
      for (std::size_t f = 0; f < frames; ++f) {
        out[c][f] = filter_->at(channel(c) + first, phase);
        first += step;
        phase += phase_step;
        if (phase >= ratio_.to) phase -= ratio_.to, ++first;
      }
    }
    first_ = first, phase_ = phase;
  }

 private:
  T* channel(std::size_t c) noexcept { return memory_.data() + c * stride_; }

  const InterpolationFilter<T>* filter_;
  RateRatio ratio_;
  std::size_t silence_, start_phase_, stride_;
  std::size_t first_ = 0, phase_ = 0;  // the next output reads from `first_` on
  std::size_t end_ = 0;                // of the frames written
  std::vector<T> memory_;              // `stride_` frames of each channel
  std::vector<T*> ends_;
};

}  // namespace inlay::INLAY_ISA::detail

/// Delay: one channel, later by a number of frames.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

namespace amp {

/// The dry signal has to be as late as that of the model. Another number of frames fades in.
class Delay {
 public:
  static constexpr std::size_t longest = 4095, fade = 960;

  void reset(std::size_t frames) noexcept {
    past_.fill(0);
    frames_ = frames;
    fading_ = 0;
  }
  /// Takes a sample and returns the one `frames` before it. Real-time safe.
  float next(float x, std::size_t frames) noexcept {
    if (fading_ == 0 && frames != frames_) {
      before_ = std::exchange(frames_, frames);
      fading_ = fade;
    }
    past_[++now_ & longest] = x;
    const float y = past_[(now_ - frames_) & longest];
    if (fading_ == 0) return y;
    const float gain = static_cast<float>(fading_--) / fade;
    return y + gain * (past_[(now_ - before_) & longest] - y);
  }

 private:
  std::array<float, longest + 1> past_{};
  std::size_t now_ = 0, frames_ = 0, before_ = 0, fading_ = 0;
};

}  // namespace amp

/// Memory for a few frames of several channels, and views of channels from a later frame on.
#pragma once

#include <cstddef>
#include <vector>

namespace inlay::internal {

/// Room for `frames` frames of `count` channels. Allocates when it is made.
template <class T>
class ChannelMemory {
 public:
  ChannelMemory(std::size_t count, std::size_t frames) : memory_(count * frames), channels_(count) {
    for (std::size_t c = 0; c < count; ++c) channels_[c] = memory_.data() + c * frames;
  }
  ChannelMemory(const ChannelMemory&) = delete;
  ChannelMemory& operator=(const ChannelMemory&) = delete;

  T* const* channels() noexcept { return channels_.data(); }
  T* operator[](std::size_t channel) noexcept { return channels_[channel]; }

 private:
  std::vector<T> memory_;
  std::vector<T*> channels_;
};

/// The channels of somebody else's signal from a frame on. `T` is const for inputs.
template <class T>
class LaterFrames {
 public:
  explicit LaterFrames(std::size_t count) : channels_(count) {}

  /// Valid until the next call. `channels` has as many as this object was made for, or `count`, if that is fewer.
  T* const* from(std::size_t frame, T* const* channels) noexcept { return from(frame, channels, channels_.size()); }
  T* const* from(std::size_t frame, T* const* channels, std::size_t count) noexcept {
    for (std::size_t c = 0; c < count; ++c) channels_[c] = channels[c] + frame;
    return channels_.data();
  }

 private:
  std::vector<T*> channels_;
};

}  // namespace inlay::internal

/// Job: what one run of an engine reads and writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace inlay::host {

/// A tensor in memory that others own: planar, one pointer per channel.
template <class T>
class TensorView {
 public:
  TensorView() = default;
  TensorView(T* const* pointers, std::size_t channels, std::size_t frames) noexcept
      : pointers_(pointers), channels_(channels), frames_(frames) {}

  std::size_t channels() const noexcept { return channels_; }
  std::size_t frames() const noexcept { return frames_; }
  /// The frames of channel `c`.
  T* channel(std::size_t c) const noexcept { return pointers_[c]; }
  T* const* channel_pointers() const noexcept { return pointers_; }

  /// All values, [channels][frames], one channel directly after the other. Not for engines whose `Ports::multiples` is
  /// true: their channels may be the host's own buffers.
  T* data() const noexcept { return pointers_[0]; }
  std::span<T> values() const noexcept { return {pointers_[0], channels_ * frames_}; }

 private:
  T* const* pointers_ = nullptr;
  std::size_t channels_ = 0, frames_ = 0;
};

/// What one run reads and writes: one tensor per port. The tensors of an engine stay where they are from `bind` on.
struct Job {
  std::span<const TensorView<const float>> in;
  std::span<const TensorView<float>> out;
};

}  // namespace inlay::host

/// Ring: the frames of a tensor between the audio thread and the lanes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "inlay/host/ports.hpp"

namespace inlay::host::detail {

/// The ring of a tensor, and where the audio thread is in it.
struct Ring {
  Ring(const Port& port, std::size_t slot_count, std::size_t planned_latency)
      : channels(port.channels),
        hop(port.hop),
        window(port.frames()),
        latency(planned_latency),
        engine_latency(port.latency),
        slots(slot_count),
        memory(channels * hop * slots) {}

  bool streams() const noexcept { return hop > 0; }
  std::size_t length() const noexcept { return hop * slots; }
  float* channel(std::size_t c) noexcept { return memory.data() + c * length(); }
  std::size_t position() const noexcept { return slot * hop + offset; }

  void start(std::uint64_t first) noexcept {
    job = first, slot = static_cast<std::size_t>(first % slots), offset = 0, silence = latency;
  }
  /// The job that the last of the next `frames` frames belongs to.
  std::uint64_t last_job(std::size_t frames) const noexcept {
    const std::size_t end = offset + frames;
    return end <= hop ? job : job + (end - 1) / hop;
  }
  void advance(std::size_t frames) noexcept {
    offset += frames;
    if (offset < hop) return;
    const std::size_t jobs = offset < 2 * hop ? 1 : offset / hop;
    offset -= jobs * hop, job += jobs, slot += jobs;
    while (slot >= slots) slot -= slots;
  }
  void write(const float* const* from, std::size_t from_offset, std::size_t frames) noexcept {
    const std::size_t at = position(), straight = std::min(frames, length() - at);
    for (std::size_t c = 0; c < channels; ++c) {
      std::memcpy(channel(c) + at, from[c] + from_offset, straight * sizeof(float));
      if (straight < frames)
        std::memcpy(channel(c), from[c] + from_offset + straight, (frames - straight) * sizeof(float));
    }
  }
  /// Copies the frames of channel `c` that end before position `end`, of any size up to the ring's.
  void read_before(std::size_t c, std::size_t end, float* to, std::size_t frames) noexcept {
    const std::size_t from = end >= frames ? end - frames : end + length() - frames;
    const std::size_t straight = std::min(frames, length() - from);
    std::memcpy(to, channel(c) + from, straight * sizeof(float));
    if (straight < frames) std::memcpy(to + straight, channel(c), (frames - straight) * sizeof(float));
  }

  std::size_t channels, hop, window, latency, engine_latency, slots;
  std::vector<float> memory;
  std::uint64_t job = 0;  // the one that the next frame belongs to
  std::size_t slot = 0, offset = 0;
  std::size_t silence = 0;        // outputs: frames before the first job's
  std::uint64_t last_missed = 0;  // outputs: one more than the number of the last job that was counted
};

}  // namespace inlay::host::detail

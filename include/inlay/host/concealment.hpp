/// Concealment: what is heard in place of results that are missing, and the fades between them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "inlay/host/miss.hpp"
#include "inlay/host/ports.hpp"
#include "inlay/host/ring.hpp"

namespace inlay::host::detail {

/// The input that an output is made from, for `Miss::dry`.
struct DryInput {
  Ring* ring;            // of the first input that streams; null if there is none
  std::uint64_t oldest;  // before this job, frames are missing

  /// Reads the input of the next `n` frames of `output`, or that of the frames which came `earlier`.
  void read(const Ring& output, std::size_t c, float* to, std::size_t n, std::size_t earlier = 0) const noexcept {
    const auto frames_from = [](const Ring& of, std::uint64_t job) {  // from the start of a job to the next frame
      return static_cast<std::int64_t>(of.job - job) * static_cast<std::int64_t>(of.hop) +
             static_cast<std::int64_t>(of.offset);
    };
    // The frames lie between `behind` and `behind - n` frames before the input's end. The first ones may be from before
    // the start, and the last ones may not be there yet if nobody has pushed them.
    const std::int64_t behind = frames_from(*ring, output.job) - static_cast<std::int64_t>(output.offset) +
                                static_cast<std::int64_t>(output.engine_latency + earlier);
    const std::int64_t there = std::min(frames_from(*ring, oldest), static_cast<std::int64_t>(ring->length()));
    const auto missing = static_cast<std::int64_t>(behind < static_cast<std::int64_t>(n) ? n : 0);
    const auto zeros = static_cast<std::size_t>(std::clamp(behind - there, missing, static_cast<std::int64_t>(n)));
    std::fill_n(to, zeros, 0.0f);
    if (zeros == n) return;
    std::size_t end = ring->position() + ring->length() - (static_cast<std::size_t>(behind) - n);
    if (end > ring->length()) end -= ring->length();
    ring->read_before(std::min(c, ring->channels - 1), end, to + zeros, n - zeros);
  }
};

/// Gives the results of all outputs, and what `Miss` chooses where they are missing. A result fades in after missing
/// ones. What replaces it begins at the value of the last result, and the difference fades out.
class Concealment {
 public:
  Concealment(Miss miss, Fill fill, std::size_t crossfade, const std::vector<Port>& outputs)
      : miss_(miss), fill_(std::move(fill)), crossfade_(crossfade) {
    std::size_t most = 0;
    for (const Port& port : outputs) {
      const std::size_t channels = port.streams() ? port.channels : 0;
      outputs_.push_back({std::vector<float>(channels), std::vector<float>(channels), crossfade, true});
      most = std::max(most, channels);
    }
    shifted_.resize(most);
  }

  /// Starts a new signal.
  void reset() noexcept {
    for (Output& output : outputs_) {
      output.presence = crossfade_;
      output.good = true;
      std::fill(output.held.begin(), output.held.end(), 0.0f);
    }
  }

  /// Gives the next `n` frames of output `i`, which lie in `ring`.
  void give(std::size_t i, Ring& ring, const DryInput& dry, float* const* channels, std::size_t offset,
            std::size_t n) noexcept {
    Output& output = outputs_[i];
    const std::size_t faded = std::min(n, crossfade_ - output.presence);
    if (faded > 0) fill(i, ring, dry, channels, offset, faded);
    for (std::size_t c = 0; c < ring.channels; ++c) {
      const float* const from = ring.channel(c) + ring.position();
      float* const to = channels[c] + offset;
      for (std::size_t f = 0; f < faded; ++f) to[f] += (from[f] - to[f]) * gain(output.presence + f + 1);
      std::memcpy(to + faded, from + faded, (n - faded) * sizeof(float));
      output.held[c] = from[n - 1];
    }
    output.good = true;
    output.presence += faded;
  }

  /// Gives what replaces the next `n` frames of output `i`.
  void give_missing(std::size_t i, const Ring& ring, const DryInput& dry, float* const* channels, std::size_t offset,
                    std::size_t n) noexcept {
    fill(i, ring, dry, channels, offset, n);
    Output& output = outputs_[i];
    const std::size_t faded = std::min(n, output.presence);
    for (std::size_t c = 0; c < ring.channels; ++c) {
      float* const to = channels[c] + offset;
      if (output.good) {
        float before = miss_ == Miss::silence ? 0.0f : to[0];
        if (miss_ == Miss::dry) dry.read(ring, c, &before, 1, 1);
        output.jump[c] = output.held[c] - before;
      }
      for (std::size_t f = 0; f < faded; ++f) to[f] += output.jump[c] * gain(output.presence - f - 1);
    }
    output.good = false;
    output.presence -= faded;
  }

 private:
  struct Output {
    std::vector<float> held;  // the last good value of each channel
    std::vector<float> jump;  // how much that differs from what would have replaced it
    std::size_t presence;     // how much of the result is heard, up to `crossfade`
    bool good;                // whether the frame before the next one is a result
  };

  float gain(std::size_t presence) const noexcept {
    return static_cast<float>(presence) / static_cast<float>(crossfade_);
  }
  void fill(std::size_t i, const Ring& ring, const DryInput& dry, float* const* channels, std::size_t offset,
            std::size_t n) noexcept {
    if (miss_ == Miss::custom) {
      // The pointers are moved for the call, so that the function sees only frames that are missing.
      for (std::size_t c = 0; c < ring.channels; ++c) shifted_[c] = channels[c] + offset;
      fill_({i, shifted_.data(), ring.channels, n});
      return;
    }
    for (std::size_t c = 0; c < ring.channels; ++c) {
      float* const to = channels[c] + offset;
      if (miss_ == Miss::dry) dry.read(ring, c, to, n);
      else std::fill_n(to, n, miss_ == Miss::hold ? outputs_[i].held[c] : 0.0f);
    }
  }

  Miss miss_;
  Fill fill_;
  std::size_t crossfade_;
  std::vector<Output> outputs_;
  std::vector<float*> shifted_;
};

}  // namespace inlay::host::detail

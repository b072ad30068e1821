/// Signal: the output of an operation, while a program is built.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/run_time/plan/pace.hpp"
#include "inlay/run_time/plan/step.hpp"

namespace inlay::INLAY_ISA::plan {

/// Buffer number of channels that are constantly zero.
inline constexpr std::size_t silence = unbounded;

/// Channels, not necessarily contiguous, and their timing relative to the network's input.
struct Signal {
  std::vector<Channels> parts;
  Channels clock{};      ///< channels with the same number of frames that are not silent
  std::size_t past = 0;  ///< past input frames that the signal depends on, or `unbounded`
  FrameSum latency{};    ///< in input frames
  Pace pace{};           ///< rate changes since the input

  std::size_t count() const noexcept {
    std::size_t sum = 0;
    for (const Channels& c : parts) sum += c.count;
    return sum;
  }
  bool is_silent() const noexcept {
    return std::all_of(parts.begin(), parts.end(), [](const Channels& c) { return c.buffer == silence; });
  }

  /// Returns channels [begin, begin + count).
  Signal slice(std::size_t begin, std::size_t count) const {
    Signal y = *this;
    y.parts.clear();
    for (const Channels& part : parts) {
      const std::size_t skipped = std::min(begin, part.count), used = std::min(count, part.count - skipped);
      begin -= skipped;
      count -= used;
      if (used > 0) y.parts.push_back({part.buffer, part.first + skipped, used});
    }
    return y;
  }
};

/// Throws load_error if two branches differ in latency or pace. Sets a.past to the larger past.
inline void align(const io::LayerRecord& record, Signal& a, const Signal& b) {
  if (a.pace != b.pace) throw load_error(record.place, "branches with the same rate changes", "branches that differ");
  if (a.latency != b.latency)
    throw load_error(record.place, io::concat({"a latency of ", a.latency.rounded_up(), " frames in each branch"}),
                     std::to_string(b.latency.rounded_up()));
  a.past = std::max(a.past, b.past);
}

/// Concatenates the channels of two signals.
inline Signal concatenate(const io::LayerRecord& record, Signal a, const Signal& b) {
  align(record, a, b);
  if (const std::size_t count = a.count() + b.count(); count > limits::channels)
    throw load_error(record.place, io::concat({"at most ", limits::channels, " channels"}), std::to_string(count));
  a.parts.insert(a.parts.end(), b.parts.begin(), b.parts.end());
  return a;
}

}  // namespace inlay::INLAY_ISA::plan

/// Placement: memory offsets of the buffers of a program.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA::plan {

/// Offsets of a buffer's frame and of its tile, in values.
struct BufferOffset {
  std::size_t frame = 0, tile = 0;
};

/// The buffers of one step: all that it uses, and those that it writes.
struct BufferUse {
  std::vector<std::size_t> all, written;
};

/// Allocates buffers in one block of memory. Buffer i has channels[i] channels. After its last use, the memory of a
/// buffer is reused for others of the same size. Buffers in `kept` keep theirs for the whole run.
template <class T>
class Placement {
 public:
  Placement() = default;
  INLAY_COLD Placement(const std::vector<std::size_t>& channels, const std::vector<std::size_t>& kept,
                       const std::vector<BufferUse>& steps)
      : offsets_(channels.size()) {
    std::vector<std::size_t> last_use(channels.size(), 0);
    for (std::size_t i = 0; i < steps.size(); ++i)
      for (const std::size_t buffer : steps[i].all) last_use[buffer] = i;
    for (const std::size_t buffer : kept) last_use[buffer] = steps.size();
    std::vector<bool> placed(channels.size(), false);
    std::vector<std::size_t> free;  // buffers after their last use
    const auto take = [&](std::size_t buffer) {
      if (placed[buffer]) return;
      placed[buffer] = true;
      const auto fits = [&](std::size_t free_buffer) { return channels[free_buffer] == channels[buffer]; };
      const auto found = std::find_if(free.rbegin(), free.rend(), fits);
      if (found != free.rend()) {
        offsets_[buffer] = offsets_[*found];
        free.erase(std::next(found).base());
      } else {
        offsets_[buffer] = next_;
        const BufferOffset room = room_of(channels[buffer]);
        next_ = {next_.frame + room.frame, next_.tile + room.tile};
        room_ += room.frame + room.tile;
      }
    };
    for (const std::size_t buffer : kept) take(buffer);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      for (const std::size_t buffer : steps[i].written) take(buffer);
      for (const std::size_t buffer : steps[i].all) {
        const bool listed = std::find(free.begin(), free.end(), buffer) != free.end();
        if (last_use[buffer] == i && placed[buffer] && !listed) free.push_back(buffer);
      }
    }
    for (BufferOffset& offset : offsets_) offset.tile += next_.frame;  // tiles follow the frames
  }

  BufferOffset operator[](std::size_t buffer) const { return offsets_[buffer]; }
  /// Number of values of all buffers.
  std::uint64_t room() const noexcept { return room_; }

 private:
  /// Returns the size of a buffer. A frame is padded to whole registers, plus one register after the last channel.
  /// Tiles have no gap between them: with a gap of a cache line, each load is 4 KiB after the last store, which
  /// processors mistake for a dependency (4K aliasing), and layers of 16 channels take three times as long.
  static BufferOffset room_of(std::size_t channels) {
    return {padded_frame<T>(channels) + alignment / sizeof(T), std::max<std::size_t>(channels, 1) * tile_frames};
  }

  std::vector<BufferOffset> offsets_;
  BufferOffset next_;
  std::uint64_t room_ = 0;  ///< in 64 bits: limits are checked after the buffers were placed
};

}  // namespace inlay::INLAY_ISA::plan

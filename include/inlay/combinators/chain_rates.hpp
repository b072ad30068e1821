/// ChainRates: the rates inside a chain of layers.
#pragma once

#include <array>
#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA::detail {

/// Numbers of frames in a chain of layers.
template <class... Layers>
struct ChainRates {
  static constexpr std::size_t count = sizeof...(Layers);

  static constexpr std::size_t max_output_frames(std::size_t frames) {
    ((frames = LayerTraits<Layers>::max_output_frames(frames)), ...);
    return frames;
  }

  /// True if no layer has more frames than it allows, and no signal exceeds a tile.
  static constexpr bool fits(std::size_t frames) {
    bool all = true;
    ((all = all && frames <= LayerTraits<Layers>::tile, frames = LayerTraits<Layers>::max_output_frames(frames)), ...);
    return all && frames <= tile_frames;
  }
  static_assert(fits(1),
                "inlay: layers in a row must not give more than inlay::tile_frames frames for one input frame; use "
                "inlay::Model, or a model for each part");

  /// Largest number of input frames that `fits`.
  static constexpr std::size_t tile = [] {
    std::size_t frames = tile_frames;
    while (frames > 1 && !fits(frames)) --frames;
    return frames;
  }();

  /// before[i]: output rate, relative to the chain's input, of the layers before layer i.
  static constexpr std::array<Rate, count + 1> before = [] {
    std::array<Rate, count + 1> rates{};
    std::size_t i = 0;
    ((rates[i + 1] = rates[i] * LayerTraits<Layers>::rate, ++i), ...);
    return rates;
  }();

  /// True if no layer after a rate change reads the condition.
  static constexpr bool condition_before_rate_change = [] {
    bool one_to_one = true, valid = true;
    ((valid = valid && (one_to_one || LayerTraits<Layers>::condition_size == 0),
      one_to_one = one_to_one && LayerTraits<Layers>::one_to_one),
     ...);
    return valid;
  }();

  /// Sum of per-layer frame counts, each converted to frames of the chain's input (rounded up).
  static constexpr std::size_t in_frames_of_input(const std::array<std::size_t, count>& frames) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += (frames[i] * before[i].in + before[i].out - 1) / before[i].out;
    return sum;
  }

  static constexpr std::size_t latency = [] {
    constexpr std::array<std::size_t, count> frames{LayerTraits<Layers>::latency...};
    FrameSum sum;
    for (std::size_t i = 0; i < count; ++i) sum.add(frames[i], before[i]);
    return sum.rounded_up();
  }();
};

}  // namespace inlay::INLAY_ISA::detail

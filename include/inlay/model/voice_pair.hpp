/// process_pair: runs two voices of a ModelT together.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/model/model_scratch.hpp"
#include "inlay/model/tiles.hpp"

namespace inlay::INLAY_ISA::detail {

/// Computes two voices, tile by tile. `in` and `out` hold the channels of the first voice, then those of the second.
template <class Network, class T>
void process_pair(const Network& network, const std::array<typename Network::State*, 2>& states,
                  const std::array<ModelScratch<Network>*, 2>& scratch, const T* const* in, T* const* out,
                  std::size_t frames, const std::array<Condition<T>, 2>& conditions) noexcept {
  constexpr ChannelCounts channels{Network::in_size, Network::out_size, Network::condition_size};
  const std::array tiles{scratch[0]->tiles(), scratch[1]->tiles()};
  const std::array contexts{scratch[0]->context(), scratch[1]->context()};
  const std::array x{Block<const T>(tiles[0].in), Block<const T>(tiles[1].in)};
  const std::array y{tiles[0].out, tiles[1].out};
  for (std::size_t first = 0; first < frames; first += Network::tile) {
    const std::size_t count = std::min(frames - first, Network::tile);
    for (std::size_t v = 0; v < 2; ++v)
      load_tile(channels, tiles[v], in + v * Network::in_size, conditions[v], first, count);
    process_voices(network, states, x, y, count, contexts);
    for (std::size_t v = 0; v < 2; ++v) store_tile(channels, tiles[v], out + v * Network::out_size, first, count);
  }
}

}  // namespace inlay::INLAY_ISA::detail

/// process_pair: runs two voices of a ModelT together.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/model/tiles.hpp"

namespace inlay::INLAY_ISA::detail {

/// Computes two voices, tile by tile. `in` and `out` hold the channels of the first voice, then those of the second.
/// `State` has `layers`, the state of the network, and `scratch`, a ModelScratch.
template <class Network, class State, class T = typename Network::scalar>
void process_pair(const Network& network, std::array<State*, 2> voices, const T* const* in, T* const* out,
                  std::size_t frames, std::array<Condition<T>, 2> conditions) noexcept {
  constexpr ChannelCounts channels{Network::in_size, Network::out_size, Network::condition_size};
  const auto both = [&](auto f) INLAY_INLINE_LAMBDA { return std::array{f(*voices[0]), f(*voices[1])}; };
  const auto states = both([](State& state) { return &state.layers; });
  const auto contexts = both([](State& state) { return state.scratch.context(); });
  const auto x = both([](State& state) { return Block<const T>(state.scratch.tiles().in); });
  const auto y = both([](State& state) { return state.scratch.tiles().out; });
  for (std::size_t first = 0; first < frames; first += Network::tile) {
    const std::size_t count = std::min(frames - first, Network::tile);
    for (std::size_t v = 0; v < 2; ++v)
      load_tile(channels, voices[v]->scratch.tiles(), in + v * Network::in_size, conditions[v], first, count);
    process_voices(network, states, x, y, count, contexts);
    for (std::size_t v = 0; v < 2; ++v)
      store_tile(channels, voices[v]->scratch.tiles(), out + v * Network::out_size, first, count);
  }
}

}  // namespace inlay::INLAY_ISA::detail

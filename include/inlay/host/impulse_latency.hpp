/// impulse_latency: measures by how many frames an engine delays a signal.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "inlay/host/bound_engine.hpp"
#include "inlay/host/session.hpp"

namespace inlay::host {

/// The delay of an engine in frames of output `out`: where an impulse at input `in` changes the output most. Both must
/// stream. For engines that do not know their latency; see `SessionOptions::latencies`. It is a sensible number for
/// engines whose impulse response has one peak. `hops` is how long the response may be.
///
/// Runs a copy of the engine, or the engine itself if it is a std::reference_wrapper. Throws std::invalid_argument if
/// there are no such tensors, std::runtime_error if a run fails or if nothing changes, and what the engine throws.
template <Runnable A>
std::size_t impulse_latency(A&& engine, std::size_t in = 0, std::size_t out = 0, std::size_t hops = 64) {
  const std::shared_ptr<detail::AnyEngine> any = detail::EngineOf<A>::make(std::forward<A>(engine));
  const Ports own = any->ports(), ports = own.multiples ? own.times(64) : own;
  if (in >= ports.in.size() || out >= ports.out.size() || !ports.in[in].streams() || !ports.out[out].streams())
    throw std::invalid_argument("inlay::host::impulse_latency: the engine has no such tensors that stream");
  detail::BoundEngine bound(any, ports);
  const Port &input = ports.in[in], &output = ports.out[out];
  // What the engine gives for silence, and with an impulse in the second hop.
  const auto response = [&](float impulse) {
    std::vector<float> frames;
    bound.reset();
    for (std::size_t hop = 0; hop <= hops; ++hop) {
      for (std::size_t c = 0; c < input.channels; ++c) {
        float* const channel = bound.in(in) + c * input.frames();
        std::fill_n(channel, input.frames(), 0.0f);
        // The impulse is the first new frame of hop 1, and an older one in the hops after it.
        const std::size_t age = hop == 0 ? input.frames() : input.frames() - input.hop;
        if (hop >= 1 && age >= (hop - 1) * input.hop && age < input.frames())
          channel[age - (hop - 1) * input.hop] = impulse;
      }
      if (!bound.run()) throw std::runtime_error("inlay::host::impulse_latency: a run failed");
      if (hop >= 1) frames.insert(frames.end(), bound.out(out), bound.out(out) + output.hop);
    }
    return frames;
  };
  const std::vector<float> silent = response(0), changed = response(0.5f);
  std::size_t latency = 0;
  float largest = 0;
  for (std::size_t f = 0; f < silent.size(); ++f)
    if (const float change = std::abs(changed[f] - silent[f]); change > largest) largest = change, latency = f;
  if (largest == 0) throw std::runtime_error("inlay::host::impulse_latency: the impulse does not reach the output");
  return latency;
}

}  // namespace inlay::host

/// Port and Ports: the tensors that an engine takes and gives.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "inlay/host/plan.hpp"

namespace inlay::host {

/// A tensor of an engine: planar, [channels][frames].
struct Port {
  std::size_t channels = 1;
  /// Frames that a run takes or gives. 0: the tensor does not stream; it holds `channels` values, such as knobs.
  std::size_t hop = 0;
  /// Inputs: frames that a run sees. The last `hop` of them are new, the others were seen before. 0: `hop`.
  std::size_t window = 0;
  /// Outputs: frames by which the engine itself delays the signal.
  std::size_t latency = 0;
  /// For messages, and for engines that bind by name.
  std::string name{};

  bool streams() const noexcept { return hop > 0; }
  /// Frames of the tensor in a run.
  std::size_t frames() const noexcept { return !streams() ? 1 : window > hop ? window : hop; }

  static Port stream(std::size_t channels, std::size_t hop, std::string name = {}) {
    return {channels, hop, 0, 0, std::move(name)};
  }
  static Port values(std::size_t count, std::string name = {}) { return {count, 0, 0, 0, std::move(name)}; }
};

/// The tensors of an engine.
struct Ports {
  std::vector<Port> in{}, out{};
  /// Whether a run may take any multiple of the hops, and all hops are multiplied then.
  bool multiples = false;

  /// Throws std::invalid_argument if there are more than 16 on a side.
  Hops hops() const {
    Hops hops;
    for (const Port& port : in) hops.in.push_back(port.hop);
    for (const Port& port : out) hops.out.push_back(port.hop);
    return hops;
  }
  /// The same ports with `n` times the hops.
  Ports times(std::size_t n) const {
    Ports ports = *this;
    for (auto* side : {&ports.in, &ports.out})
      for (Port& port : *side) port.hop *= n;
    ports.multiples = false;
    return ports;
  }
};

}  // namespace inlay::host

/// SharedState: what any thread may reach in a session, whatever else happens to it.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <vector>

#include "inlay/host/ports.hpp"
#include "inlay/host/stats.hpp"
#include "inlay/host/values.hpp"

namespace inlay::host::detail {

/// Lives as long as the session, and is never moved.
struct SharedState {
  explicit SharedState(const Ports& ports) : latencies(ports.out.size()) {
    for (const Port& port : ports.in)
      if (!port.streams()) values.emplace_back(port.channels);
    for (const Port& port : ports.out)
      if (!port.streams()) features.emplace_back(port.channels);
  }
  SharedState(const SharedState&) = delete;
  SharedState& operator=(const SharedState&) = delete;

  std::deque<Mailbox> values;     // of the inputs that do not stream
  std::deque<Snapshot> features;  // of the outputs that do not stream
  std::vector<std::atomic<std::size_t>> latencies;
  std::atomic<bool> offline{false};
  Counters counters;
};

}  // namespace inlay::host::detail

/// SessionOptions: what a session is to do.
#pragma once

#include <cstddef>

#include "inlay/host/miss.hpp"
#include "inlay/host/plan.hpp"

namespace inlay::host {

/// Options of a Session.
struct SessionOptions {
  /// How many jobs may run at the same time. Above 1 the engine must be stateless; it is copied.
  std::size_t lanes = 1;
  /// For engines that take any multiple of their hops: frames of the reference tensor in a job. 0: the host's block, or
  /// what is next above it.
  std::size_t hop = 0;
  /// What is heard while results are missing, and the function for Miss::custom.
  Miss miss = Miss::silence;
  Fill fill{};
  /// Frames of a crossfade between results and what replaces them, and between engines.
  std::size_t crossfade = 64;
  /// Frames by which the engine itself delays each output, where its `Port::latency` does not say so. See
  /// `impulse_latency`.
  Sizes latencies{};
  /// Runs in `prepare`, before the first job and before measuring.
  std::size_t warm_up = 2;
};

}  // namespace inlay::host

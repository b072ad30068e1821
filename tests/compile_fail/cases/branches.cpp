// Branches of different latency cannot be added. The message has both latencies and the remedy.
// expect: SameLatency<1, 0, 5>|SameLatency<1UL?, 0UL?, 5UL?>
// expect: add an inlay::Delay<Size, N> to the branch with less latency
#include <inlay/engine.hpp>

using Late = inlay::Sequential<inlay::Delay<4, 5>, inlay::Dense<4, 4>>;
inlay::ModelT<inlay::Parallel<Late, inlay::Dense<4, 4>>> model;

// Branches that come at different times cannot be added up; the message says both and how to align them.
// expect: SameLatency<1, 0, 5>|SameLatency<1UL?, 0UL?, 5UL?>
// expect: add an inlay::Delay<Size, N> to the branch with less latency
#include <inlay/engine.hpp>

using Late = inlay::Sequential<inlay::Delay<4, 5>, inlay::Dense<4, 4>>;
inlay::ModelT<inlay::Parallel<Late, inlay::Dense<4, 4>>> model;

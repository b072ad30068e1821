/// Reference implementation of every layer: plain loops in double precision that follow the definition.
#pragma once

#include "../subjects/signal.hpp"
#include "description.hpp"

namespace inlay::bench {

/// Returns the number of input channels of a described network.
std::size_t channels_of(const Chain&);

/// Returns the output of the described layers for `in`, from the start of the signal.
Frames reference(const Chain& layers, Frames in);

}  // namespace inlay::bench

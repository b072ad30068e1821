/// What every layer has to compute: straight loops in double precision, read straight from the definition.
#pragma once

#include "../subjects/signal.hpp"
#include "description.hpp"

namespace inlay::bench {

/// Channels of a described network's input.
std::size_t channels_of(const Chain&);

/// The output of the described layers for `in`, from the start of the signal.
Frames reference(const Chain& layers, Frames in);

}  // namespace inlay::bench

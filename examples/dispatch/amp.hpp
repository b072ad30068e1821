/// The network as a type. Only the files that inlay_dispatch generates include it.
#pragma once

#include <inlay/engine.hpp>

namespace example {

using Amp = inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>>;

}  // namespace example

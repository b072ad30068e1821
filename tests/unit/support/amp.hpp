/// A model that is compiled for each instruction set.
#pragma once

#include <inlay/engine.hpp>

namespace inlay_test {

using SmallAmp = inlay::ModelT<inlay::LSTM<1, 2>, inlay::Dense<2, 1>>;

}  // namespace inlay_test

/// Models that are compiled for each instruction set.
#pragma once

#include <inlay/engine.hpp>

namespace inlay_test {

using Amp = inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>>;

using Double = inlay::default_backend_for<double>;
using Filter = inlay::ModelT<inlay::Dense<3, 5, Double>>;

}  // namespace inlay_test

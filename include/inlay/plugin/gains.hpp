/// Gains: factors before and after a model.
#pragma once

namespace inlay {

/// Factors for the input and the output of a model.
struct Gains {
  double in = 1, out = 1;
};

}  // namespace inlay

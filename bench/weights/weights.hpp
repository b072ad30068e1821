/// The outputs of model files, computed with a type of weights.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "inlay/io/model_file.hpp"

namespace inlay::bench {

struct WeightType {
  std::string name;
  double bytes;  ///< of a weight
  /// The output of a model for its check's input, frame by frame.
  std::function<std::vector<double>(const io::ModelFile& file, const io::Check& check)> output;
};
/// The types that the program's other files add.
std::vector<WeightType>& weight_types();

}  // namespace inlay::bench

/// What a model file says, whatever its format: readers write this, and `load.hpp` checks a model type
/// against it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "inlay/io/error.hpp"

namespace inlay {

/// What a file says beside the network.
struct ModelInfo {
  std::optional<double> sample_rate;  ///< Hz, the rate that the model was trained at
  nlohmann::json metadata = nlohmann::json::object();
  /// Frames of silence to run after every reset and before the signal: a trained amplifier does not start from zeros
  /// but from what silence at its input leaves in it.
  std::size_t prewarm = 0;
  /// The largest difference between the output that the file's check holds and the model's, where there is a check.
  std::optional<double> check_error;
};

namespace io {

/// Where a value stands, in the words of an error message.
using Place = std::string;

struct TensorRecord {
  Place place;
  std::vector<std::size_t> shape;
  std::vector<double> values;     ///< row-major
  std::vector<Place> row_places;  ///< where the values of each innermost row stand, if not in one array

  Place place_of(std::size_t i) const {
    if (row_places.empty()) return concat({place, ".data[", std::to_string(i), "]"});
    return concat({row_places[i / shape.back()], "[", std::to_string(i % shape.back()), "]"});
  }
};

/// An option or a number of a layer.
struct Value {
  Place place;
  std::variant<bool, std::size_t, double, std::string> value;
};

struct LayerRecord;

/// Layers one after the other; those of a chain within a chain are among them.
struct ChainRecord {
  Place place;
  std::vector<LayerRecord> layers;
};

struct LayerRecord {
  Place place;
  Value type;
  std::map<std::string, Value, std::less<>> values;
  std::map<std::string, TensorRecord, std::less<>> tensors;
  std::map<std::string, std::vector<ChainRecord>, std::less<>> chains{};  ///< layers within the layer
};

/// A short signal and what the training framework made of it.
struct Check {
  std::string source, dtype = "float32";  ///< what computed it, and in which numbers
  TensorRecord input, output;             ///< [frames, channels]
  TensorRecord condition;                 ///< the side channels of each frame of input; empty if there are none
  std::size_t skip = 0, stride = 1;
  double tolerance = 0;
};

struct ModelFile {
  ModelInfo info;
  ChainRecord chain;
  std::optional<Check> check;
};

/// Numbers in the tensors of a chain: what frameworks count as parameters.
inline std::size_t parameters_of(const ChainRecord& chain) {
  std::size_t count = 0;
  for (const LayerRecord& layer : chain.layers) {
    for (const auto& [name, tensor] : layer.tensors) count += tensor.values.size();
    for (const auto& [name, chains] : layer.chains)
      for (const ChainRecord& inner : chains) count += parameters_of(inner);
  }
  return count;
}

/// Side channels that a chain appends to its signal, which a file without a check has to say itself.
inline std::size_t condition_of(const ChainRecord& chain) {
  std::size_t most = 0;
  for (const LayerRecord& layer : chain.layers) {
    const auto size = layer.values.find("condition_size");
    if (size != layer.values.end())
      if (const auto* found = std::get_if<std::size_t>(&size->second.value)) most = std::max(most, *found);
    const auto* type = std::get_if<std::string>(&layer.type.value);
    if (type && *type == "conditioned_by") continue;  // its layers have another condition
    for (const auto& [name, chains] : layer.chains)
      for (const ChainRecord& inner : chains) most = std::max(most, condition_of(inner));
  }
  return most;
}

/// "8x16"
inline std::string shape_text(std::span<const std::size_t> shape) {
  std::string text;
  for (std::size_t extent : shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(extent);
  }
  return text;
}

}  // namespace io
}  // namespace inlay

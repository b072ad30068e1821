/// What a model file says, whatever its format: readers write this, and `load.hpp` checks a model type
/// against it.
#pragma once

#include <cstddef>
#include <map>
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
  std::string metadata;               ///< what the file says of itself: a JSON object as text, or empty
  /// Frames of silence to run after every reset and before the signal: a trained amplifier does not start from zeros
  /// but from what silence at its input leaves in it.
  std::size_t prewarm = 0;
  /// The largest difference between the output that the file's check holds and the model's, where there is a check.
  std::optional<double> check_error;
};

namespace io {

/// Where a value stands, in the words of an error message.
using SourceLocation = std::string;

struct TensorRecord {
  SourceLocation place;
  std::vector<std::size_t> shape;
  std::vector<double> values;              ///< row-major
  std::vector<SourceLocation> row_places;  ///< where the values of each innermost row stand, if not in one array

  /// Where value `i` stands.
  SourceLocation place_of(std::size_t i) const;
};

/// An option or a number of a layer.
struct Value {
  SourceLocation place;
  std::variant<bool, std::size_t, double, std::string> value;
};

struct LayerRecord;

/// Layers one after the other; those of a chain within a chain are among them.
struct ChainRecord {
  SourceLocation place;
  std::vector<LayerRecord> layers;
};

struct LayerRecord {
  SourceLocation place;
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
  std::string source;  ///< path of the file; empty if the model came from elsewhere
  ModelInfo info;
  ChainRecord chain;
  std::optional<Check> check;
};

/// What a reader may be asked for, beyond what the file says.
struct ReadOptions {
  /// Of a file that holds a model in several sizes, how much of it, from 0 to 1; all of it if not given. Of NAM's these
  /// are a SlimmableContainer, and a WaveNet with `slimmable` arrays.
  std::optional<double> size;
};

/// Numbers in the tensors of a chain: what frameworks count as parameters.
std::size_t parameters_of(const ChainRecord& chain);

/// Side channels that a chain appends to its signal, which a file without a check has to say itself.
std::size_t condition_of(const ChainRecord& chain);

/// "8x16"
std::string shape_text(std::span<const std::size_t> shape);

}  // namespace io
}  // namespace inlay

#if !defined(INLAY_COMPILED)
#include "inlay/io/model_file.ipp"
#endif

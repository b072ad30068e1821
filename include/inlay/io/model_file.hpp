/// ModelFile: the contents of a model file, independent of its format. Readers produce it; `load.hpp` and `Model` load
/// from it.
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

/// Information in a model file other than the network.
struct ModelInfo {
  std::optional<double> sample_rate;  ///< sample rate in Hz of the training data
  std::string metadata;               ///< the file's metadata: the text of a JSON object, or empty
  /// Frames of silence to run after every reset, before the signal: the state of a trained amplifier starts from its
  /// response to silence, not from zeros. `Model` does this itself. With a `ModelT`, the caller has to.
  std::size_t prewarm = 0;
  /// Largest absolute difference between the model's output and the file's check; empty if the file has no check.
  std::optional<double> check_error;
};

namespace io {

/// Path of a value in the file, as it is printed in error messages: `layers[2].kernel.data[17]`.
using SourceLocation = std::string;

/// A tensor of a file.
struct TensorRecord {
  SourceLocation place;
  std::vector<std::size_t> shape;
  std::vector<double> values;              ///< row-major
  std::vector<SourceLocation> row_places;  ///< place of each innermost row, if the values are in nested arrays

  /// Place of value `i`.
  SourceLocation place_of(std::size_t i) const;
};

/// A scalar member of a layer: an option or a number.
struct Value {
  SourceLocation place;
  std::variant<bool, std::size_t, double, std::string> value;
};

struct LayerRecord;

/// Layers in sequence. Nested chains are flattened.
struct ChainRecord {
  SourceLocation place;
  std::vector<LayerRecord> layers;
};

/// A layer or a combinator of a file: type, scalar members, tensors and inner chains by name.
struct LayerRecord {
  SourceLocation place;
  Value type;
  std::map<std::string, Value, std::less<>> values;
  std::map<std::string, TensorRecord, std::less<>> tensors;
  std::map<std::string, std::vector<ChainRecord>, std::less<>> chains{};  ///< inner chains by name
};

/// A short input signal and the training framework's output for it.
struct Check {
  std::string source, dtype = "float32";  ///< program that computed the output, and its scalar type
  TensorRecord input, output;             ///< [frames, channels]
  TensorRecord condition;                 ///< side channels, [frames of the input, channels]; empty if there are none
  std::size_t skip = 0, stride = 1;       ///< which frames the rows of `output` belong to: see checked_frames
  double tolerance = 0;                   ///< relative to max(1, peak of the output)
};

/// The contents of a model file.
struct ModelFile {
  std::string source;  ///< path of the file; empty if the model was not read from a path
  ModelInfo info;
  ChainRecord chain;
  std::optional<Check> check;
};

/// Options of a reader.
struct ReadOptions {
  /// Size to read from a file that holds a model in several sizes, from 0 (smallest) to 1 (largest, the default). Such
  /// files are NAM's SlimmableContainer and WaveNets with `slimmable` arrays. Other files ignore it.
  std::optional<double> size;
};

/// Returns the number of values in all tensors of a chain, which is the number of parameters.
std::size_t parameters_of(const ChainRecord& chain);

/// Returns the number of side channels of a chain, from its `condition_size` options. Used for files without a check.
std::size_t condition_of(const ChainRecord& chain);

/// Formats a shape: "8x16".
std::string shape_text(std::span<const std::size_t> shape);

}  // namespace io
}  // namespace inlay

#if !defined(INLAY_COMPILED)
#include "inlay/io/model_file.ipp"
#endif

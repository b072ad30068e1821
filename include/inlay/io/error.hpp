/// load_error: the exception of all readers and loaders.
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include "inlay/core/compiled.hpp"

namespace inlay {

namespace io {

/// Concatenates strings.
std::string concat(std::initializer_list<std::string_view> parts);

}  // namespace io

/// Thrown when a model cannot be loaded. States the place in the file, the layer of the model type, the expected value
/// and the found value. The model that was being loaded is unchanged.
class load_error : public std::runtime_error {
 public:
  load_error(std::string place, std::string expected, std::string found, std::string layer = {},
             std::string source = {});

  /// Place in the file, such as `layers[2].kernel.data[17]`.
  const std::string& place() const noexcept { return place_; }
  /// Layer of the model type, such as `layer 2 of the model: dense 20 -> 1`; empty if the error is not about a layer.
  const std::string& layer() const noexcept { return layer_; }
  /// The expected and the found value, as texts.
  const std::string& expected() const noexcept { return expected_; }
  const std::string& found() const noexcept { return found_; }
  /// Path of the file; empty if the model was not loaded from a path.
  const std::string& source() const noexcept { return source_; }

  /// Returns a copy of this error with `source` as the path of the file.
  load_error from(std::string source) const;

 private:
  std::string place_, layer_, expected_, found_, source_;
};

}  // namespace inlay

#if !defined(INLAY_COMPILED)
#include "inlay/io/error.ipp"
#endif

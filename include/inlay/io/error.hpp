/// The error that every loader throws.
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include "inlay/core/compiled.hpp"

namespace inlay {

namespace io {

/// The parts in one string.
std::string concat(std::initializer_list<std::string_view> parts);

}  // namespace io

/// A model could not be loaded. Says where, in the file and in the model type, what was expected there and
/// what was found; the model that was to be loaded is as it was.
class load_error : public std::runtime_error {
 public:
  load_error(std::string place, std::string expected, std::string found, std::string layer = {},
             std::string source = {});

  /// Place in the file, such as `layers[2].kernel.data[17]`.
  const std::string& place() const noexcept { return place_; }
  /// Layer of the model type, such as `layer 2 of the model: dense 20 -> 1`; empty where none is concerned.
  const std::string& layer() const noexcept { return layer_; }
  const std::string& expected() const noexcept { return expected_; }
  const std::string& found() const noexcept { return found_; }
  /// Path of the file; empty if the model came from elsewhere.
  const std::string& source() const noexcept { return source_; }

  /// The same error of a file of this path.
  load_error from(std::string source) const;

 private:
  std::string place_, layer_, expected_, found_, source_;
};

}  // namespace inlay

#if !defined(INLAY_COMPILED)
#include "inlay/io/error.ipp"
#endif

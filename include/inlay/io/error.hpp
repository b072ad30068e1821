/// The error that every loader throws.
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace inlay {

namespace io {

/// Not operator+, of which GCC 12 warns wrongly where one side is a literal (GCC bug 105651).
inline std::string concat(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (std::string_view part : parts) text.append(part);
  return text;
}

/// What comes from a file may hold anything; an error is one line.
inline std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = '?';
  return text;
}

}  // namespace io

/// A model could not be loaded. Says where, in the file and in the model type, what was expected there and
/// what was found; the model that was to be loaded is as it was.
class load_error : public std::runtime_error {
 public:
  load_error(std::string place, std::string expected, std::string found, std::string layer = {},
             std::string source = {})
      : std::runtime_error(
            io::one_line(io::concat({source, source.empty() ? "" : ": ", place, layer.empty() ? "" : " (", layer,
                                     layer.empty() ? "" : ")", ": expected ", expected, ", found ", found}))),
        place_(io::one_line(std::move(place))),
        layer_(std::move(layer)),
        expected_(std::move(expected)),
        found_(io::one_line(std::move(found))),
        source_(std::move(source)) {}

  /// Place in the file, such as `layers[2].kernel.data[17]`.
  const std::string& place() const noexcept { return place_; }
  /// Layer of the model type, such as `layer 2 of the model: dense 20 -> 1`; empty where none is concerned.
  const std::string& layer() const noexcept { return layer_; }
  const std::string& expected() const noexcept { return expected_; }
  const std::string& found() const noexcept { return found_; }
  /// Path of the file; empty if the model came from elsewhere.
  const std::string& source() const noexcept { return source_; }

  load_error from(std::string source) const { return load_error(place_, expected_, found_, layer_, std::move(source)); }

 private:
  std::string place_, layer_, expected_, found_, source_;
};

}  // namespace inlay

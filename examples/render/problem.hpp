/// Problem: an error with the file, the place in it, and a description.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace render {

/// The message is `FILE: place: text`, as that of inlay::load_error.
class Problem : public std::runtime_error {
 public:
  Problem(const std::filesystem::path& file, const std::string& place, const std::string& text)
      : std::runtime_error(file.string() + ": " + place + ": " + text) {}
};

}  // namespace render

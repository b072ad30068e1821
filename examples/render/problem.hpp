/// What stops a rendering: the file, the place in it, and what is wrong there.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace render {

/// Reads `FILE: place: text`, as inlay::load_error does.
class Problem : public std::runtime_error {
 public:
  Problem(const std::filesystem::path& file, const std::string& place, const std::string& text)
      : std::runtime_error(file.string() + ": " + place + ": " + text) {}
};

}  // namespace render

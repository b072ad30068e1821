/// Player: inlay's run-time model or another library, which runs the network of any file.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "subject.hpp"

namespace inlay::bench {

struct Player {
  std::string name;     ///< name of the subjects that it makes
  std::string version;  ///< version of the library; empty for inlay
  std::string library;  ///< file of the library; empty for inlay
  /// Makes a subject from a model file; `base` is its path without the extension. Throws std::exception on errors.
  std::function<std::unique_ptr<Subject>(const std::filesystem::path& base)> make;

  bool is_ours() const { return library.empty(); }
};

/// All players. Translation units add them before `main`.
inline std::vector<Player>& players() {
  static std::vector<Player> players;
  return players;
}

}  // namespace inlay::bench

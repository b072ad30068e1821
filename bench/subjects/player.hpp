/// Player: what runs the network of any file, ours or another library.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "subject.hpp"

namespace inlay::bench {

struct Player {
  std::string name;     ///< of the subjects that it makes
  std::string version;  ///< of the library, which ...
  std::string library;  ///< ... is this file; both empty for ours
  /// `base` is a file of ours without its extension. Throws what says why not.
  std::function<std::unique_ptr<Subject>(const std::filesystem::path& base)> make;

  bool is_ours() const { return library.empty(); }
};

/// Translation units add to them before `main`.
inline std::vector<Player>& players() {
  static std::vector<Player> players;
  return players;
}

}  // namespace inlay::bench

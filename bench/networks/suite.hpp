/// Suite: the network files to time, and the types that run them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../subjects/subject.hpp"

namespace inlay::bench {

struct Network {
  std::string name, file;  ///< file relative to the repository's root
  auto operator<=>(const Network&) const = default;
};

struct Case {
  std::string network, subject;
  std::function<std::unique_ptr<Subject>(const std::filesystem::path& base)> make;  ///< as Player::make
};

/// Translation units add cases before `main`.
struct Suite {
  std::vector<Network> networks;
  std::vector<Case> cases;
};
Suite& suite();

}  // namespace inlay::bench

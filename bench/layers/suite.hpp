/// What is timed: a network for each name, and what runs it.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../subjects/subject.hpp"
#include "description.hpp"

namespace inlay::bench {

/// A layer, or a network that is made to show something, and its size.
struct Name {
  std::string layer;
  std::size_t size;
  auto operator<=>(const Name&) const = default;
};

struct Case {
  Name name;
  std::string subject;  ///< a backend or a library
  std::function<std::unique_ptr<Subject>()> make;
};

/// Translation units add to it before `main`; those whose package is missing add nothing.
struct Suite {
  std::vector<Name> names;  ///< in the order of the table
  std::map<Name, std::function<Chain()>> chains;
  std::vector<Case> cases;
  std::size_t width = 0;           ///< lanes of the widest backend, ...
  double (*fma_peak)() = nullptr;  ///< ... and the multiply-adds a second that it reaches
};
Suite& suite();

}  // namespace inlay::bench

/// Suite: the networks to time, and the subjects that run them.
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

/// A layer or a network, and its size.
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

/// Translation units add cases before `main`. Those whose package is missing add nothing.
struct Suite {
  std::vector<Name> names;  ///< in the order of the table
  std::map<Name, std::function<Chain()>> chains;
  std::vector<Case> cases;
  std::size_t width = 0;           ///< lanes of the widest backend
  double (*fma_peak)() = nullptr;  ///< measures the multiply-adds per second of the widest backend
};
Suite& suite();

}  // namespace inlay::bench

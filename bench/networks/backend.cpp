/// Every network on one backend. Compiled once per backend in CMakeLists.txt.
#include <algorithm>
#include <memory>
#include <utility>

#include "../subjects/model.hpp"
#include "inlay/inlay.hpp"
#include "networks.hpp"
#include "suite.hpp"

#if INLAY_BENCH_HAS_BACKEND

namespace {

using namespace inlay::bench;

template <class Model>
std::unique_ptr<Subject> make(const std::filesystem::path& base) {
  return loaded<Model>(base.string() + ".json");
}

[[maybe_unused]] const bool added = [] {
  Networks<inlay::INLAY_BENCH_BACKEND<Scalar>>::for_each([]<class Model>(const char* name, const char* file) {
    const Network network{name, file};
    if (std::ranges::find(suite().networks, network) == suite().networks.end()) suite().networks.push_back(network);
    suite().cases.push_back({name, INLAY_BENCH_NAME, make<Model>});
  });
  return true;
}();

}  // namespace

#endif

/// LibTorch on the pool, on windows and with carried states.
#include <optional>
#include <utility>

#include "engines.hpp"
#include "graphs.hpp"
#include "inlay/host/libtorch.hpp"

namespace inlay::bench {
namespace {

std::optional<host::Session> make(const HostSetup& setup, bool carried) {
  const auto graph = graph_of(setup, carried, ".pt");
  if (!graph) return {};
  return host::Session(host::LibTorch(*graph), setup.pool, {.warm_up = setup.warm_up});
}

[[maybe_unused]] const bool added = [] {
  host_engines().push_back({"libtorch", 4, true, [](const HostSetup& setup) { return make(setup, false); }});
  host_engines().push_back({"libtorch-carry", 6, false, [](const HostSetup& setup) { return make(setup, true); }});
  return true;
}();

}  // namespace
}  // namespace inlay::bench

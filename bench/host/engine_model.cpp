/// inlay's run-time Model on the pool.
#include <filesystem>

#include "engines.hpp"
#include "inlay/run_time.hpp"

namespace inlay::bench {
namespace {

[[maybe_unused]] const auto& added = host_engines().emplace_back(
    HostEngine{"inlay-model-pool", 2, false, [](const HostSetup& setup) {
                 return host::Session(Model<>::load(std::filesystem::path(setup.file(".json"))), setup.pool,
                                      {.hop = setup.hop, .warm_up = setup.warm_up});
               }});

}  // namespace
}  // namespace inlay::bench

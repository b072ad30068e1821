/// Graphs of the files that export.py writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "engines.hpp"
#include "inlay/host/graph.hpp"

namespace inlay::bench {

/// Returns the graph of a network whose states are carried from run to run, or one that sees its past again. RNN-2k is
/// carried in any case, and HNN-11k sees its window in any case; each is there once, without `carried`. `extension` is
/// ".onnx" or ".pt".
inline std::optional<host::Graph> graph_of(const HostSetup& setup, bool carried, const char* extension) {
  if (carried && (setup.is_recurrent() || setup.is_windowed())) return {};
  const std::string base = setup.file(carried || setup.is_recurrent() ? ".carry" : ".window");
  std::ifstream stream(base + ".plan.json");
  if (!stream) throw std::runtime_error(base + " has not been exported");
  const auto plan = nlohmann::json::parse(stream);
  const auto frames = static_cast<std::int64_t>(setup.hop + plan.at("past").get<std::size_t>());
  host::Graph graph;
  graph.file = base + extension;
  graph.in = {{.name = "x", .hop = setup.hop}};
  graph.in[0].shape = plan.at("planar") ? std::vector<std::int64_t>{1, 1, frames} : std::vector{frames, {1}, {1}};
  const bool numbered = std::string(extension) == ".pt";  // results of TorchScript have numbers
  graph.out = {{.name = numbered ? "0" : "y"}};
  std::size_t i = 0;
  for (const auto& shape : plan.at("states")) {
    const std::string number = std::to_string(i++);
    graph.carry.push_back({.out = numbered ? std::to_string(i) : "n" + number,
                           .in = "s" + number,
                           .shape = shape.get<std::vector<std::int64_t>>()});
  }
  return graph;
}

}  // namespace inlay::bench

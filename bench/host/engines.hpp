/// The engines that engines.cpp and violations.cpp run: a registry of what makes a session of a network.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "inlay/host.hpp"

namespace inlay::bench {

/// The networks of the anira paper.
inline const std::vector<std::string> host_models{"CNN-29k", "CNN-15k", "CNN-1k", "RNN-2k", "HNN-11k"};

/// What a session is made of.
struct HostSetup {
  std::filesystem::path files;  ///< the folder of networks.py and export.py
  std::string model;
  std::size_t hop = 0;
  std::size_t block = 0;  ///< the host's, for engines that take any number of frames
  host::Pool pool;
  std::size_t warm_up = 2;

  std::string file(const char* extension) const { return (files / (model + extension)).string(); }
  bool is_recurrent() const { return model == "RNN-2k"; }
  bool is_windowed() const { return model == "HNN-11k"; }
};

struct HostEngine {
  std::string name;
  int order;             ///< of its rows
  bool windows = false;  ///< sees the past of the input again in each run, and keeps no state
  /// Loads the network anew. Returns nothing if there is no such network for the engine. Throws what the engine throws.
  std::function<std::optional<host::Session>(const HostSetup&)> make;
};

/// All engines. Translation units add theirs before `main`.
inline std::vector<HostEngine>& host_engines() {
  static std::vector<HostEngine> engines;
  return engines;
}

/// Frames of noise that the signal of all engines is made of.
inline std::vector<float> noise(std::size_t frames) {
  std::vector<float> signal(frames);
  unsigned seed = 1;
  for (float& x : signal) {
    seed = seed * 1664525u + 1013904223u;
    x = static_cast<float>(seed >> 8) / 16777216.0f - 0.5f;
  }
  return signal;
}

}  // namespace inlay::bench

/// The state of a DPF plugin in CLAP and VST3: texts, each with a zero behind it.
#pragma once

#include <stdexcept>
#include <string>

namespace hosts {

/// Returns the state with another model file. CLAP and VST3 have no property for a file, so a host without the plugin's
/// own window can only bring one with a state.
inline std::string with_model(const std::string& state, const std::string& model) {
  const std::string key("\0model\0", 7);
  const std::size_t found = state.find(key);
  if (found == std::string::npos) throw std::runtime_error("a state without a model");
  const std::size_t begin = found + key.size(), end = state.find('\0', begin);
  return state.substr(0, begin) + model + state.substr(end);
}

}  // namespace hosts

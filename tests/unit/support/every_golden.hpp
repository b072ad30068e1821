// Runs a model of dynamic sizes over every golden file of a folder.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "golden.hpp"

/// Names of the golden files of a folder that end with `end`, without that ending.
inline std::vector<std::string> golden_names(const std::string& folder, const std::string& end) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(test_file("golden/" + folder))) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(end)) names.push_back(name.substr(0, name.size() - end.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Longer checks would take minutes with every division into buffers. Builds of few backends, such as those with
/// sanitizers, only load the files, which runs each check in two ways. Other processors, which round otherwise,
/// compare; in an emulator as a rule.
#if !defined(__x86_64__)
inline constexpr std::size_t longest_check = 1024;
#elif defined(INLAY_TEST_FEW_BACKENDS)
inline constexpr std::size_t longest_check = 0;
#else
inline constexpr std::size_t longest_check = 4096;
#endif

/// Loads each golden file with `load(path)`, and compares its model with the framework's output in every way of running
/// it.
template <class Load>
void expect_every_golden(const std::string& folder, const std::string& end, double tolerance, Load&& load) {
  const std::vector<std::string> names = golden_names(folder, end);
  EXPECT_FALSE(names.empty());
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const std::string path = test_file("golden/" + folder + "/" + name + end);
    auto model = load(std::filesystem::path(path));
    const inlay::io::Check check = read_check(path);
    if (check.input.shape[0] < longest_check) expect_golden(model.runnable(), 8, check, tolerance);
  }
}

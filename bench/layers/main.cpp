/// Times every layer on every backend, frame by frame and in blocks. See ../README.md.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../subjects/player.hpp"
#include "benchmark.hpp"
#include "file.hpp"
#include "reference.hpp"

inlay::bench::Suite& inlay::bench::suite() {
  static Suite suite;
  return suite;
}

namespace {

using namespace inlay::bench;

Proof prove(const Case& c) {
  const Chain chain = suite().chains.at(c.name)();
  Frames in = test_signal(channels_of(chain), proof_frames);
  Frames expected = reference(chain, in);
  return {std::move(in), std::move(expected), tolerance};
}

std::string file_name(const Name& name) { return name.layer + '-' + std::to_string(name.size); }

/// Adds a case for each network file and each player.
void add_players(const std::filesystem::path& files, bool only_ours) {
  for (const Name& name : suite().names)
    for (const Player& player : players())
      if (player.is_ours() || !only_ours)
        suite().cases.push_back(
            {name, player.name, [&player, base = files / file_name(name)] { return player.make(base); }});
}

/// Registers the benchmarks, ordered by network and block size: subjects of the same work run one after the other,
/// under similar conditions.
void register_all() {
  std::vector<std::shared_ptr<SharedSubject>> all;
  for (const Case& c : suite().cases) all.push_back(std::make_shared<SharedSubject>(c));
  for (const Name& name : suite().names)
    for (const std::size_t block : {1, 16, 64, 512})
      for (const auto& subject : all)
        if (subject->benchmark_case().name == name) Benchmark(subject, block, prove).add();
}

/// Writes all networks as files for the players.
void write_files(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const auto& [name, chain] : suite().chains)
    std::ofstream(folder / (file_name(name) + ".json")) << file_of(chain());
}

/// Returns the rest of an argument that starts with `option`.
std::optional<std::string> value_of(std::string_view argument, std::string_view option) {
  if (!argument.starts_with(option)) return {};
  return std::string(argument.substr(option.size()));
}

}  // namespace

int main(int argc, char** argv) {
  Program program({argv[0], "--benchmark_min_time=0.02", "--benchmark_repetitions=3"});
  std::optional<std::string> files;
  bool only_ours = false;
  for (const char* argument : std::vector<char*>(argv + 1, argv + argc)) {
    if (const auto folder = value_of(argument, "--write=")) return write_files(*folder), 0;
    if (const auto folder = value_of(argument, "--files=")) files = *folder;
    else if (std::strcmp(argument, "--only-ours") == 0) only_ours = true;
    else program.add(argument);
  }
  if (files) add_players(*files, only_ours);
  register_all();
  if (!program.start()) return 2;

  Benchmark::fma_peak = suite().fma_peak();
  const std::string peak = std::to_string(1e-9 * Benchmark::fma_peak);
  benchmark::AddCustomContext("fma_peak_gmac_per_s", peak);
  if (!program.own_format())
    std::printf("FMA peak of one core: %s GMAC/s, registers of %zu lanes\n", peak.c_str(), suite().width);
  Table table;
  return program.run(table);
}

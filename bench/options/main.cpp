/// Times opt-in features compared with the default. See ../README.md.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../layers/benchmark.hpp"
#include "../layers/reference.hpp"
#include "options.hpp"

inlay::bench::Suite& inlay::bench::suite() {
  static Suite suite;
  return suite;
}

namespace {

using namespace inlay::bench;

/// Dense runs frame by frame: in blocks, weights are reused for many frames, so their size does not matter.
std::size_t block_of(const Name& name) { return name.layer == "Dense" ? 1 : 64; }

const Option& option_of(const Case& c) {
  return *std::ranges::find(options, std::string_view(c.subject), &Option::name);
}

/// Returns channels [first, first + count) of a signal.
Frames channels(const Frames& signal, std::size_t first, std::size_t count) {
  Frames part;
  for (const auto& frame : signal)
    part.emplace_back(frame.begin() + std::ptrdiff_t(first), frame.begin() + std::ptrdiff_t(first + count));
  return part;
}

/// Returns the expected output. The exact layer is compared with the reference loops, options are compared with the
/// exact layer. A network from a file has no reference loops. It is compared with itself, because loading ran its
/// check.
Proof prove(const Case& c) {
  const Option& option = option_of(c);
  const auto described = suite().chains.find(c.name);
  const Chain chain = described == suite().chains.end() ? Chain{} : described->second();
  const std::size_t size = chain.empty() ? 1 : channels_of(chain);
  Proof proof{test_signal(option.voices * size, proof_frames), {}, option.tolerance};
  if (&option == &exact && !chain.empty()) {
    proof.expected = reference(chain, proof.in);
    return proof;
  }
  const auto is_exact = [&](const Case& other) { return other.name == c.name && &option_of(other) == &exact; };
  const auto subject = std::ranges::find_if(suite().cases, is_exact)->make();
  proof.expected.resize(proof_frames);
  for (std::size_t v = 0; v < option.voices; ++v) {
    const Frames alone = output_of(*subject, channels(proof.in, v * size, size), block_of(c.name));
    for (std::size_t t = 0; t < proof_frames; ++t)
      proof.expected[t].insert(proof.expected[t].end(), alone[t].begin(), alone[t].end());
  }
  return proof;
}

/// One row per layer and size: the time with each option, and its ratio to the time without.
class OptionTable final : public Table {
 public:
  void Finalize() override {
    clear_progress();
    std::printf("ns per sample, of all voices together; %% of the time without the option, of so many voices alone\n");
    std::printf("%-12s", "");
    for (const Option& option : options) std::printf(&option == &exact ? "%10s" : "%17s", option.title);
    std::printf("\n");
    for (const Name& name : suite().names) {
      const std::string row = name.layer + '/' + std::to_string(name.size);
      std::string line;
      for (const Option& option : options) line += time(row, option) + share(row, option);
      line.erase(line.find_last_not_of(' ') + 1);
      if (!line.empty()) std::printf("%-12s%s\n", row.c_str(), line.c_str());
    }
  }

 private:
  /// Returns the time in ns, or 0 if there is none.
  double ns(std::string_view row, const Option& option) const {
    const auto* counters = find(row, option.name);
    return counters != nullptr && counters->count("ns") != 0 ? counters->at("ns").value : 0;
  }
  std::string time(std::string_view row, const Option& option) const {
    const auto* counters = find(row, option.name);
    if (counters == nullptr) return std::string(10, ' ');
    if (counters->empty()) return "     wrong";
    char text[32];
    std::snprintf(text, sizeof text, "%10.1f", ns(row, option));
    return text;
  }
  std::string share(std::string_view row, const Option& option) const {
    if (&option == &exact) return {};
    const double with = ns(row, option), without = double(option.voices) * ns(row, exact);
    if (with <= 0 || without <= 0) return std::string(7, ' ');
    char text[32];
    std::snprintf(text, sizeof text, "%5.0f %%", 100 * with / without);
    return text;
  }
};

/// Returns a case that counts a file that does not load as a wrong output.
Case strict(Case c) {
  c.make = [make = c.make, name = c.name] {
    try {
      return make();
    } catch (const std::exception& error) {
      Benchmark::failures.insert(name.layer + ": " + error.what());
      throw;
    }
  };
  return c;
}

/// Registers the benchmarks in the order of the table, so that compared subjects run one after the other.
void register_all() {
  for (const Name& name : suite().names)
    for (const Case& c : suite().cases)
      if (c.name == name) Benchmark(std::make_shared<SharedSubject>(strict(c)), block_of(name), prove).add();
}

}  // namespace

int main(int argc, char** argv) {
  Program program({argv[0], "--benchmark_min_time=0.01", "--benchmark_repetitions=9",
                   "--benchmark_enable_random_interleaving=true"});
  for (const char* argument : std::vector<char*>(argv + 1, argv + argc)) program.add(argument);
  register_all();
  if (!program.start()) return 2;
  OptionTable table;
  return program.run(table);
}

/// Runs a network for a number of samples, whose instructions are then counted. See count.sh.
///
///     instructions                          lists the networks
///     instructions NETWORK BLOCK SAMPLES    runs it in callbacks of BLOCK frames (1: frame by frame)
///     instructions NETWORK BLOCK            compares its output with the reference, and prints the error
///
/// NETWORK is a name such as LSTM-20, or the path of a model file without .json, which the run-time model plays. A file
/// is checked when it is loaded.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "../layers/reference.hpp"
#include "../layers/suite.hpp"
#include "../subjects/player.hpp"

inlay::bench::Suite& inlay::bench::suite() {
  static Suite suite;
  return suite;
}

namespace {

using namespace inlay::bench;

std::string name_of(const Name& name) { return name.layer + '-' + std::to_string(name.size); }

const Case* find(const std::string& name) {
  for (const Case& c : suite().cases)
    if (name_of(c.name) == name) return &c;
  return nullptr;
}

/// Runs the signal again and again.
void run(Subject& subject, std::size_t channels, std::size_t block, std::size_t samples) {
  constexpr std::size_t frames = 4096;
  subject.start(test_signal(channels, frames), block);
  for (std::size_t left = samples / block; left > 0;) {
    const std::size_t callbacks = std::min(left, frames / block);
    subject.run(0, callbacks);
    left -= callbacks;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    for (const Case& c : suite().cases) std::puts(name_of(c.name).c_str());
    return 0;
  }
  const std::string name = argv[1];
  const auto block = std::size_t(std::atoi(argv[2]));
  const Case* const found = find(name);
  const auto subject = found ? found->make() : players().at(0).make(name);
  const Chain chain = found ? suite().chains.at(found->name)() : Chain{};
  if (argc > 3) {
    run(*subject, found ? channels_of(chain) : 1, block, std::size_t(std::atol(argv[3])));
  } else if (found) {
    const Frames signal = test_signal(channels_of(chain), 600);
    const double error = error_of(*subject, signal, reference(chain, signal), block);
    std::printf("%.2g of the peak\n", error);
    return error <= tolerance ? 0 : 1;
  }
  return 0;
}

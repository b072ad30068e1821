// Prints what smaller weights cost: the error of a model's output in dB. See ../README.md.
#include "weights.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <utility>

#include "inlay/inlay.hpp"

std::vector<inlay::bench::WeightType>& inlay::bench::weight_types() {
  static std::vector<WeightType> types;
  return types;
}

namespace {

using namespace inlay;

struct Error {
  double db, peak;  ///< energy of the difference over that of the exact output; largest difference over max(1, peak)
};

Error error_of(const std::vector<double>& exact, const std::vector<double>& found) {
  double signal = 0, difference = 0, peak = 1, largest = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double d = found[i] - exact[i];
    signal += exact[i] * exact[i];
    difference += d * d;
    peak = std::max(peak, std::abs(exact[i]));
    largest = std::max(largest, std::abs(d));
  }
  return {10 * std::log10(difference / signal), largest / peak};
}

}  // namespace

int main(int argc, char** argv) {
  auto& types = bench::weight_types();
  std::ranges::sort(
      types, [](const auto& a, const auto& b) { return std::pair(b.bytes, a.name) < std::pair(a.bytes, b.name); });
  std::printf("%-28s", "error of the output, dB");
  for (std::size_t i = 1; i < types.size(); ++i) std::printf("%12s%10s", types[i].name.c_str(), "largest");
  std::printf("\n");
  for (int i = 1; i < argc; ++i) {
    const std::filesystem::path path = argv[i];
    try {
      io::ModelFile file = io::read_model(path);
      if (!file.check) throw std::runtime_error("the file has no check, whose input is needed");
      const io::Check check = *std::exchange(file.check, {});
      const std::vector<double> exact = types[0].output(file, check);
      std::printf("%-28s", path.stem().string().c_str());
      for (std::size_t k = 1; k < types.size(); ++k) {
        const Error error = error_of(exact, types[k].output(file, check));
        std::printf("%12.1f%10.1e", error.db, error.peak);
      }
      std::printf("\n");
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", argv[i], error.what());
      return 1;
    }
  }
}

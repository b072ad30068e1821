/// spread MODEL: times of callbacks of a network on spectra, with the work of a frame at once and spread over a hop.
///
/// For buffers of 32, 64 and 128 frames: the mean, the 99.9th percentile and the longest callback, and the steady
/// worst: the median of the buffer of a hop whose median is the largest, which the system's interruptions do not
/// change. In microseconds. Both run in turns. First it compares their outputs, which are the same bits, a hop apart.
///
/// With -DNETWORK_TYPE='"FILE"', a header from `inlay codegen --name Network`, it measures the type, too.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <inlay/run_time.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>
#ifdef NETWORK_TYPE
#include NETWORK_TYPE
#endif

namespace {

using Json = nlohmann::json;
using Model = inlay::Model<float>;

/// The file with its frames at once, or spread. Its check, whose output has one latency only, is replaced with the
/// first samples of any: silence.
Json with_spread(Json file, bool spread) {
  for (const char* name : {"input", "output"})
    file["check"][name] = {{"shape", {4, 1}}, {"data", std::vector<float>(4)}};
  file["layers"][0]["spread"] = spread;
  return file;
}

#ifdef NETWORK_TYPE
/// The type with its frames at once, or spread.
template <class>
struct Variants;
template <std::size_t Hop, bool S, class... Layers>
struct Variants<inlay::ModelT<inlay::BasicOverlapAdd<Hop, S, Layers...>>> {
  template <bool Spread>
  using With = inlay::ModelT<inlay::BasicOverlapAdd<Hop, Spread, Layers...>>;
};
#endif

std::vector<float> signal(std::size_t samples) {
  std::vector<float> x(samples);
  unsigned noise = 1;
  for (float& each : x)
    each = 0.3f * static_cast<float>(static_cast<int>(noise = noise * 1664525u + 1013904223u)) / 2147483648.0f;
  return x;
}

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

void print(const char* name, std::size_t frames, const std::vector<double>& times, std::size_t hop) {
  std::vector<double> sorted = times;
  std::sort(sorted.begin(), sorted.end());
  double sum = 0, steady = 0;
  for (const double each : times) sum += each;
  const std::size_t buffers = hop / frames;
  for (std::size_t b = 0; b < buffers; ++b) {
    std::vector<double> same;
    for (std::size_t i = b; i < times.size(); i += buffers) same.push_back(times[i]);
    steady = std::max(steady, median(same));
  }
  std::printf("%4zu  %-8s  mean %7.1f  99.9%% %7.1f  longest %7.1f  steady worst %7.1f\n", frames, name,
              sum / static_cast<double>(times.size()), sorted[sorted.size() * 999 / 1000], sorted.back(), steady);
}

/// Compares the outputs of the same network with its frames at once and spread, and prints their times.
bool measure(auto& at_once, auto& spread, std::size_t hop) {
  std::printf("latency %zu and %zu samples\n", at_once.latency(), spread.latency());
  const std::vector<float> x = signal(64 * hop);
  std::vector<float> out(x.size()), late(x.size());
  const auto run = [&](auto& model, std::size_t frames, std::vector<float>& y, std::vector<double>& times) {
    for (std::size_t i = 0; i + frames <= x.size(); i += frames) {
      const auto start = std::chrono::steady_clock::now();
      model.process({x.data() + i, frames}, {y.data() + i, frames});
      times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
  };
  for (const std::size_t frames : {32u, 64u, 128u}) {
    at_once.reset(), spread.reset();
    std::vector<double> times[2];
    for (std::size_t turn = 0; turn < 24; ++turn) {
      run(at_once, frames, out, times[0]);
      run(spread, frames, late, times[1]);
      if (turn == 0 && !std::equal(late.begin() + static_cast<std::ptrdiff_t>(hop), late.end(), out.begin()))
        return std::puts("the outputs differ"), false;
    }
    print("at once", frames, times[0], hop);
    print("spread", frames, times[1], hop);
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::puts("spread MODEL"), 2;
  std::ifstream file{std::filesystem::path(arguments[1])};
  const Json json = Json::parse(file), at_once = with_spread(json, false), spread = with_spread(json, true);
  const std::size_t hop = json["layers"][0]["hop"];
  Model first = Model::load(at_once), second = Model::load(spread);
  if (!measure(first, second, hop)) return 1;
#ifdef NETWORK_TYPE
  std::puts("the type:");
  const auto type = std::make_unique<Variants<Network>::With<false>>();
  const auto spread_type = std::make_unique<Variants<Network>::With<true>>();
  type->load(at_once), spread_type->load(spread);
  if (!measure(*type, *spread_type, hop)) return 1;
#endif
}

/// spread MODEL: times of callbacks of a network on spectra, with the work of a frame at once and spread over a hop.
///
/// For buffers of 32, 64 and 128 frames: the mean, the 99.9th percentile and the longest callback, and the steady
/// worst: the median of the buffer of a hop whose median is the largest, which the system's interruptions do not
/// change. In microseconds. Both run in turns. First it compares their outputs, which are the same bits, a hop apart.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <inlay/run_time.hpp>
#include <nlohmann/json.hpp>
#include <vector>

namespace {

using Json = nlohmann::json;
using Model = inlay::Model<float>;

/// The file with its frames at once, or spread. Its check, whose output has one latency only, is replaced with the
/// first samples of any: silence. `hop` gets the hop.
Model loaded(Json file, bool spread, std::size_t& hop) {
  for (const char* name : {"input", "output"})
    file["check"][name] = {{"shape", {4, 1}}, {"data", std::vector<float>(4)}};
  for (Json& layer : file["layers"])
    if (layer["type"] == "overlap_add") layer["spread"] = spread, hop = layer["hop"];
  return Model::load(file);
}

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

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::puts("spread MODEL"), 2;
  std::ifstream file{std::filesystem::path(arguments[1])};
  const Json json = Json::parse(file);
  std::size_t hop = 1;
  Model models[] = {loaded(json, false, hop), loaded(json, true, hop)};
  std::printf("latency %zu and %zu samples\n", models[0].latency(), models[1].latency());

  const std::vector<float> x = signal(64 * hop);
  std::vector<float> late[] = {std::vector<float>(x.size()), std::vector<float>(x.size())};
  for (int m = 0; m < 2; ++m)
    for (std::size_t i = 0; i < x.size(); i += 32) models[m].process({x.data() + i, 32}, {late[m].data() + i, 32});
  const bool same = std::equal(late[1].begin() + static_cast<std::ptrdiff_t>(hop), late[1].end(), late[0].begin());
  if (!same) return std::puts("the outputs differ"), 1;

  std::vector<float> out(x.size());
  for (const std::size_t frames : {32u, 64u, 128u}) {
    std::vector<double> times[2];
    for (Model& model : models) model.reset();
    for (std::size_t turn = 0; turn < 24; ++turn)
      for (int m = 0; m < 2; ++m)
        for (std::size_t i = 0; i + frames <= x.size(); i += frames) {
          const auto start = std::chrono::steady_clock::now();
          models[m].process({x.data() + i, frames}, {out.data() + i, frames});
          times[m].push_back(
              std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
        }
    print("at once", frames, times[0], hop);
    print("spread", frames, times[1], hop);
  }
}

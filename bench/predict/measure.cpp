// Times networks: predict_measure FOLDER [SECONDS]
//
// For each file of the folder, and for each generated type of the same number, prints "number engine work ns weights
// state": nanoseconds a frame, calling frame by frame or in buffers of 64, and the sizes in bytes (types only). Each
// time is the least of several short runs, so that other load on the machine does not count.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "../subjects/model.hpp"
#include "inlay/run_time.hpp"
#include "types.hpp"

namespace inlay::bench {
namespace {

double nanoseconds(Subject& subject, std::size_t channels, std::size_t block, double seconds) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t frames = 2048;
  const std::size_t callbacks = frames / block;
  subject.start(test_signal(channels, frames), block);
  subject.run(0, callbacks);
  double least = std::numeric_limits<double>::infinity();
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  do {
    const auto start = Clock::now();
    subject.run(0, callbacks);
    least = std::min(least, std::chrono::duration<double, std::nano>(Clock::now() - start).count());
  } while (Clock::now() < end);
  return least / frames;
}

void report(const std::string& number, const char* engine, Subject& subject, std::size_t channels, double seconds) {
  for (const std::size_t block : {1, 64})
    std::printf("%s %s %s %.3f %zu %zu\n", number.c_str(), engine, block == 1 ? "frame" : "buffer",
                nanoseconds(subject, channels, block, seconds), subject.weight_bytes, subject.state_bytes);
  std::fflush(stdout);
}

void measure(const std::filesystem::path& path, double seconds) {
  io::ModelFile file = io::read_model(path);
  file.check.reset();  // of networks whose weights mean nothing
  const std::string number = path.stem().string();
  auto model = std::make_unique<Model<float>>(Model<float>::of(file));
  const std::size_t in = model->in_size(), out = model->out_size();
  ModelSubject<Model<float>> subject(std::move(model), in, out);
  report(number, "Model", subject, in, seconds);
  if (const auto type = types().find(std::stoi(number)); type != types().end())
    report(number, "ModelT", *type->second(file.chain), in, seconds);
}

}  // namespace
}  // namespace inlay::bench

int main(int count, char** arguments) {
  if (count < 2) return 2;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) inlay::bench::measure(path, count > 2 ? std::stod(arguments[2]) : 0.02);
}

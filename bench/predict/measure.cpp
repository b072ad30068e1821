// Times networks: predict_measure FOLDER [SECONDS]
// Runs one of them, for count.sh: predict_measure FILE Model|ModelT frame|buffer FRAMES
//
// For each file of the folder, and for each generated type of the same number, prints "number engine work ns weights
// state": nanoseconds a frame, calling frame by frame or in buffers of 64, and the sizes in bytes (types only). For
// types also "number ModelT waiting ns": frame by frame, if the input of each frame waits for the output of the last
// one. Each time is the least of several short runs, so that other load on the machine does not count.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../subjects/model.hpp"
#include "inlay/io/record.hpp"
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
  const auto print = [&](const char* work, std::size_t block) {
    std::printf("%s %s %s %.3f %zu %zu\n", number.c_str(), engine, work, nanoseconds(subject, channels, block, seconds),
                subject.weight_bytes, subject.state_bytes);
  };
  print("frame", 1);
  print("buffer", 64);
  subject.frames_wait = engine == std::string_view("ModelT");
  if (subject.frames_wait) print("waiting", 1);
  std::fflush(stdout);
}

struct Network {
  explicit Network(const std::filesystem::path& path) : number(path.stem().string()), file(io::read_model(path)) {
    file.check.reset();  // the weights mean nothing
  }
  std::unique_ptr<Subject> model() const {
    auto model = std::make_unique<Model<float>>(Model<float>::of(file));
    const std::size_t in = model->in_size(), out = model->out_size(), side = model->condition_size();
    return std::make_unique<ModelSubject<Model<float>>>(std::move(model), in, out, side);
  }
  /// Null if there is no type of this number.
  std::unique_ptr<Subject> type() const {
    const auto found = types().find(std::stoi(number));
    return found == types().end() ? nullptr : found->second(file.chain);
  }
  std::size_t channels() const { return io::width_of(file.chain); }

  std::string number;
  io::ModelFile file;
};

int measure(const std::filesystem::path& folder, double seconds) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    const Network network(path);
    report(network.number, "Model", *network.model(), network.channels(), seconds);
    if (const auto type = network.type()) report(network.number, "ModelT", *type, network.channels(), seconds);
  }
  return 0;
}

int run(const std::filesystem::path& path, const std::string& engine, const std::string& work, std::size_t frames) {
  const Network network(path);
  const auto subject = engine == "Model" ? network.model() : network.type();
  if (subject == nullptr) return 1;
  const std::size_t block = work == "frame" ? 1 : 64;
  constexpr std::size_t signal = 256;
  subject->start(test_signal(network.channels(), signal), block);
  for (std::size_t done = 0; done < frames; done += signal) subject->run(0, signal / block);
  return 0;
}

}  // namespace
}  // namespace inlay::bench

int main(int count, char** arguments) {
  if (count == 5) return inlay::bench::run(arguments[1], arguments[2], arguments[3], std::stoul(arguments[4]));
  if (count < 2) return 2;
  return inlay::bench::measure(arguments[1], count > 2 ? std::stod(arguments[2]) : 0.02);
}

/// Times whole networks, callback by callback like a host. See ../README.md.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../subjects/player.hpp"
#include "inlay/io/load.hpp"
#include "suite.hpp"

inlay::bench::Suite& inlay::bench::suite() {
  static Suite suite;
  return suite;
}

namespace {

using namespace inlay::bench;
using Clock = std::chrono::steady_clock;
using Nanoseconds = std::chrono::duration<double, std::nano>;
using Json = nlohmann::ordered_json;

struct Options {
  std::filesystem::path files;
  std::string out;
  double seconds = 0.5;  ///< per subject and buffer size
  std::vector<std::size_t> buffers{16, 64, 128, 512, 2048};
  bool only_ours = false;
};

/// Returns the time in ns to read the clock twice, which every measured time includes.
double clock_cost() {
  std::vector<double> times(10001);
  for (double& time : times) {
    const auto start = Clock::now();
    time = Nanoseconds(Clock::now() - start).count();
  }
  std::ranges::nth_element(times, times.begin() + 5000);
  return times[5000];
}

/// One subject with one buffer size.
class Timed {
 public:
  Timed(std::unique_ptr<Subject> subject, const Frames& signal, std::size_t block)
      : subject_(std::move(subject)), callbacks_(signal.size() / block) {
    subject_->start(signal, block);
    times_.reserve(1 << 20);
    first_ = one();
    for (int i = 0; i < 3; ++i) one();  // LibTorch compiles a graph after one or two runs
  }

  /// Runs callbacks for `time`, at least one.
  void turn(Clock::duration time) {
    const auto end = Clock::now() + time;
    do times_.push_back(one());
    while (Clock::now() < end && times_.size() < times_.capacity());
  }

  Json result(double clock) {
    std::ranges::sort(times_);
    const auto at = [&](double share) -> Json {
      // A percentile needs at least ten callbacks above it.
      if (share > 0.5 && double(times_.size()) * (1 - share) < 10) return nullptr;
      return std::max(0.0, times_[std::size_t(share * double(times_.size() - 1))] - clock);
    };
    return {{"callbacks", times_.size()}, {"first", first_ - clock},     {"median", at(0.5)}, {"p99", at(0.99)},
            {"p99.9", at(0.999)},         {"max", times_.back() - clock}};
  }

 private:
  double one() {
    const auto start = Clock::now();
    subject_->run(next_, 1);
    benchmark::ClobberMemory();
    const double time = Nanoseconds(Clock::now() - start).count();
    next_ = next_ + 1 == callbacks_ ? 0 : next_ + 1;
    return time;
  }

  std::unique_ptr<Subject> subject_;
  std::size_t callbacks_, next_ = 0;
  double first_ = 0;
  std::vector<double> times_;
};

/// An input and the framework's output for it.
struct Check {
  Frames input, expected;
  double rate;  ///< input frames per second
};

Frames frames_of(const inlay::io::TensorRecord& record) {
  Frames frames(record.shape[0]);
  for (std::size_t i = 0; i < record.values.size(); ++i)
    frames[i / record.shape[1]].push_back(double(Scalar(record.values[i])));
  return frames;
}

Check check_of(const std::filesystem::path& file) {
  const auto model = inlay::io::read_model(file);
  Check check{frames_of(model.check->input), frames_of(model.check->output), sample_rate};
  if (model.info.sample_rate) check.rate = *model.info.sample_rate;
  if (!model.check->condition.values.empty()) {  // side channels are the last ones of a subject's input
    const Frames side = frames_of(model.check->condition);
    for (std::size_t t = 0; t < side.size(); ++t)
      check.input[t].insert(check.input[t].end(), side[t].begin(), side[t].end());
  }
  return check;
}

class Run {
 public:
  Run(Options options) : options_(std::move(options)), clock_(clock_cost()) {
    json_["clock_ns"] = clock_;
    for (const char* list : {"results", "sizes", "failed"}) json_[list] = Json::array();
    for (const Player& player : players())
      if (!player.is_ours() && !options_.only_ours)
        json_["libraries"].push_back({{"name", player.name},
                                      {"version", player.version},
                                      {"bytes", std::filesystem::file_size(player.library)}});
  }

  void network(const std::string& name) {
    const auto base = options_.files / name;
    const Check check = check_of(base.string() + ".json");
    std::vector<std::pair<std::string, std::function<std::unique_ptr<Subject>()>>> subjects;
    for (const Case& c : suite().cases)
      if (c.network == name) subjects.emplace_back(c.subject, [&c, base] { return c.make(base); });
    for (const Player& player : players())
      if (player.is_ours() || !options_.only_ours)
        subjects.emplace_back(player.name, [&player, base] { return player.make(base); });

    // A network of slow frames, such as spectra, is called for each of them.
    const bool slow = check.rate < 1000;
    for (const std::size_t buffer : slow ? std::vector<std::size_t>{1} : options_.buffers) {
      std::fprintf(stderr, "\r%-10s buffers of %4zu ", name.c_str(), buffer);
      // A second of signal, within the range of audio.
      Frames signal =
          test_signal(check.input[0].size(), std::size_t(slow ? check.rate : sample_rate) / buffer * buffer);
      for (auto& frame : signal)
        for (double& value : frame) value *= 0.3;

      std::vector<std::pair<std::string, Timed>> timed;
      for (const auto& [subject, make] : subjects) try {
          prove(*make(), check, buffer);
          auto fresh = make();
          if (buffer == options_.buffers.front() && fresh->weight_bytes > 0)
            json_["sizes"].push_back({{"network", name},
                                      {"subject", subject},
                                      {"weight_bytes", fresh->weight_bytes},
                                      {"state_bytes", fresh->state_bytes}});
          timed.emplace_back(subject, Timed(std::move(fresh), signal, buffer));
        } catch (const std::exception& error) {
          json_["failed"].push_back(
              {{"network", name}, {"subject", subject}, {"buffer", buffer}, {"why", error.what()}});
        }
      // In turns (A B A B), so that other load on the machine affects all subjects.
      constexpr auto turn = std::chrono::milliseconds(4);
      const int turns = std::max(3, int(options_.seconds / 4e-3));
      for (int i = 0; i < turns; ++i)
        for (auto& [subject, work] : timed) work.turn(turn);
      for (auto& [subject, work] : timed) {
        Json result{{"network", name}, {"subject", subject}, {"buffer", buffer}};
        if (slow) result["rate"] = check.rate;
        result.update(work.result(clock_));
        json_["results"].push_back(std::move(result));
      }
    }
  }

  void write() const { std::ofstream(options_.out) << json_.dump(1) << '\n'; }

 private:
  static void prove(Subject& subject, const Check& check, std::size_t buffer) {
    const double error = error_of(subject, check.input, check.expected, buffer);
    if (error <= tolerance) return;
    std::ostringstream message;
    message << "wrong output: an error of " << error << " of the peak";
    throw std::runtime_error(message.str());
  }

  Options options_;
  double clock_;
  Json json_;
};

/// Copies the network files for the players.
void write_files(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const Network& network : suite().networks)
    std::filesystem::copy_file(network.file, folder / (network.name + ".json"),
                               std::filesystem::copy_options::update_existing);
}

/// The networks of a folder: those that have types, then others.
std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const Network& network : suite().networks) names.push_back(network.name);
  const std::size_t typed = names.size();
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().stem();
    if (entry.path().extension() != ".json" || name.extension() == ".plan") continue;
    if (std::ranges::find(names, name.string()) == names.end()) names.push_back(name.string());
  }
  std::sort(names.begin() + std::ptrdiff_t(typed), names.end());
  return names;
}

/// Returns the rest of an argument that starts with `option`.
std::optional<std::string> value_of(std::string_view argument, std::string_view option) {
  if (!argument.starts_with(option)) return {};
  return std::string(argument.substr(option.size()));
}

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  for (const std::string_view argument : std::vector<std::string_view>(argv + 1, argv + argc)) {
    if (const auto folder = value_of(argument, "--write=")) return write_files(*folder), 0;
    if (const auto folder = value_of(argument, "--files=")) options.files = *folder;
    else if (const auto file = value_of(argument, "--out=")) options.out = *file;
    else if (argument == "--only-ours") options.only_ours = true;
    else if (const auto seconds = value_of(argument, "--seconds=")) options.seconds = std::stod(*seconds);
    else if (const auto list = value_of(argument, "--buffers=")) {
      options.buffers.clear();
      std::istringstream stream(*list);
      for (std::string one; std::getline(stream, one, ',');) options.buffers.push_back(std::stoul(one));
    } else {
      throw std::runtime_error(
          "usage: networks --write=DIR | --files=DIR --out=FILE [--seconds=S] [--buffers=N,N] [--only-ours]");
    }
  }
  Run run(options);
  for (const std::string& name : names_in(options.files)) {
    run.network(name);
    run.write();
  }
  std::fprintf(stderr, "\r%-40s\r", "");
} catch (const std::exception& error) {
  std::fprintf(stderr, "networks: %s\n", error.what());
  return 1;
}

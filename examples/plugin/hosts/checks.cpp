/// plugin_checks PLUGIN MODEL OTHER_MODEL: what a user would notice, checked in one format; and that the plugin does
/// not allocate or lock on the audio thread. Both models are mono, for 48 kHz. Exit status 1 if a check fails.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numbers>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "host.hpp"
#if defined(HAS_REALTIME_HOOKS)
#include "realtime/realtime.hpp"
#endif

namespace {

namespace fs = std::filesystem;
using hosts::Host;

std::string plugin, model, other_model;
constexpr std::uint32_t block = 64;
constexpr double rate = 48000;

void expect(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}
void expect_at_most(double value, double limit, const std::string& what) {
  expect(value <= limit, what + ": " + std::to_string(value) + ", more than " + std::to_string(limit));
}

// --- signals ----------------------------------------------------------------------------------------------

/// Two channels.
struct Signal {
  std::vector<float> channels[2];
  std::size_t size() const { return channels[0].size(); }
  bool operator==(const Signal& other) const {
    return channels[0] == other.channels[0] && channels[1] == other.channels[1];
  }
};

/// Sines of 100 and 150 Hz: smooth, so that a click stands out.
Signal sines(std::size_t frames, double sample_rate = rate) {
  Signal signal;
  for (int c = 0; c < 2; ++c)
    for (std::size_t t = 0; t < frames; ++t)
      signal.channels[c].push_back(static_cast<float>(
          0.5 * std::sin(2 * std::numbers::pi * (c == 0 ? 100 : 150) * static_cast<double>(t) / sample_rate)));
  return signal;
}

double peak(const Signal& signal) {
  double largest = 0;
  for (const auto& x : signal.channels)
    for (const float value : x) largest = std::max(largest, std::abs(double(value)));
  return largest;
}

/// Largest difference between samples that follow each other, from a frame on.
double largest_step(const Signal& signal, std::size_t from = 1) {
  double largest = 0;
  for (const auto& x : signal.channels)
    for (std::size_t t = from; t < x.size(); ++t)
      largest = std::max(largest, std::abs(double(x[t]) - double(x[t - 1])));
  return largest;
}

/// Largest difference between `frames` frames of two signals: every `stride_a`-th frame of `a` from `first_a` on, and
/// every `stride_b`-th of `b` from `first_b` on.
double largest_difference(const Signal& a, std::size_t first_a, const Signal& b, std::size_t first_b,
                          std::size_t frames, std::size_t stride_a = 1, std::size_t stride_b = 1) {
  double largest = 0;
  for (int c = 0; c < 2; ++c)
    for (std::size_t t = 0; t < frames; ++t)
      largest = std::max(largest, std::abs(double(a.channels[c].at(first_a + stride_a * t)) -
                                           double(b.channels[c].at(first_b + stride_b * t))));
  return largest;
}

// --- playing ----------------------------------------------------------------------------------------------

/// Plays a signal in blocks. `before(frame)` is called before each block.
Signal play(Host& host, const Signal& in, const std::function<void(std::size_t)>& before = {}) {
  Signal out;
  for (auto& x : out.channels) x.resize(in.size());
  for (std::size_t t = 0; t < in.size(); t += block) {
    if (before) before(t);
    const float* const from[] = {in.channels[0].data() + t, in.channels[1].data() + t};
    float* const to[] = {out.channels[0].data() + t, out.channels[1].data() + t};
    host.process(from, to, static_cast<std::uint32_t>(std::min<std::size_t>(block, in.size() - t)));
  }
  return out;
}

std::unique_ptr<Host> open_with(const std::string& file) {
  auto host = hosts::open(plugin);
  if (!file.empty()) host->load(file);
  return host;
}
Signal play_alone(const std::string& file, const Signal& in, double sample_rate = rate) {
  const auto host = open_with(file);
  host->activate(sample_rate, block);
  return play(*host, in);
}

std::string text_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// A file that is removed at the end.
struct TemporaryFile {
  explicit TemporaryFile(const std::string& text)
      : path((fs::temp_directory_path() / ("plugin_checks." + std::to_string(getpid()) + ".json")).string()) {
    std::ofstream(path) << text;
  }
  ~TemporaryFile() { fs::remove(path); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string path;
};

/// What is written to stderr in the meantime.
std::string errors_of(const std::function<void()>& action) {
  std::FILE* const file = std::tmpfile();
  std::fflush(stderr);
  const int before = dup(2);
  dup2(fileno(file), 2);
  action();
  std::fflush(stderr);
  dup2(before, 2);
  close(before);
  std::rewind(file);
  std::string text;
  for (int c; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

// --- the checks -------------------------------------------------------------------------------------------

/// Without a model, the input passes.
void passes_without_model() {
  const Signal in = sines(4800);
  expect(play_alone("", in) == in, "the output is not the input");
}

/// 6.0206 dB are a factor of two, also where the level is set before the start.
void levels() {
  Signal in = sines(4800);
  const Signal loud = play_alone(model, in);
  const auto host = open_with(model);
  host->set("Output", -6.0205999);
  host->activate(rate, block);
  Signal quiet = play(*host, in);
  for (auto& x : quiet.channels)
    for (float& value : x) value *= 2;
  expect_at_most(largest_difference(quiet, 0, loud, 0, in.size()), 1e-5 * peak(loud), "difference at -6 dB output");

  host->deactivate();
  host->set("Output", 0);
  host->set("Input", 6.0205999);
  host->activate(rate, block);
  for (auto& x : in.channels)
    for (float& value : x) value /= 2;
  expect_at_most(largest_difference(play(*host, in), 0, loud, 0, in.size()), 1e-4, "difference at +6 dB input");
}

/// A file that states a loudness of -24 dB plays 6 dB louder, at -18 dB.
void loudness() {
  std::string loud = text_of(model);
  const std::string metadata = "\"metadata\": {";
  const std::size_t place = loud.find(metadata);
  expect(place != std::string::npos, "this check needs a model with metadata");
  loud.insert(place + metadata.size(), "\"loudness\": -24, ");
  const TemporaryFile file(loud);
  Signal wanted = play_alone(model, sines(4800));
  for (auto& x : wanted.channels)
    for (float& value : x) value *= 1.9952623f;
  expect_at_most(largest_difference(play_alone(file.path, sines(4800)), 0, wanted, 0, 4800), 1e-5 * peak(wanted),
                 "difference");
}

/// A level that jumps is a ramp.
void level_without_click() {
  const Signal in = sines(19200);
  const Signal steady = play_alone(model, in);
  const auto host = open_with(model);
  host->activate(rate, block);
  const Signal out = play(*host, in, [&](std::size_t t) {
    if (t == 9600) host->set("Output", -40);
  });
  expect_at_most(largest_step(out), largest_step(steady) + peak(steady) / 900, "step");
  expect(peak(play(*host, in)) < 0.02 * peak(steady), "the level did not change");
}

/// Bypass gives the input. Switching to it and back is a fade.
void bypass() {
  const Signal in = sines(28800);
  const Signal wet = play_alone(model, in);
  const auto host = open_with(model);
  host->activate(rate, block);
  const Signal out = play(*host, in, [&](std::size_t t) {
    if (t == 9600) host->set("Bypass", 1);
    if (t == 19200) host->set("Bypass", 0);
  });
  expect_at_most(largest_step(out), std::max(largest_step(wet), largest_step(in)) + (peak(wet) + peak(in)) / 900,
                 "step");
  expect(largest_difference(out, 12000, in, 12000, 7200) == 0, "bypassed, the output is not the input");
  expect(largest_difference(out, 22000, wet, 22000, 6800) == 0, "after bypass, the model's state is another");
}

/// Stopped and started again, the plugin gives the same.
void reset() {
  const Signal in = sines(4800);
  const auto host = open_with(model);
  host->activate(rate, block);
  const Signal first = play(*host, in);
  host->deactivate();
  host->activate(rate, block);
  expect(play(*host, in) == first, "the output differs");
}

/// A session brings back the model and the levels.
void state() {
  const Signal in = sines(4800);
  const auto host = open_with(model);
  host->activate(rate, block);
  host->set("Input", 12);
  host->set("Output", -3);
  play(*host, in);
  host->deactivate();
  host->activate(rate, block);
  const Signal wanted = play(*host, in);
  const std::string saved = host->save();
  expect(saved.find(model) != std::string::npos, "the state does not name the model");

  const auto second = hosts::open(plugin);
  second->restore(saved);
  second->activate(rate, block);
  expect(play(*second, in) == wanted, "the output differs");
  expect(second->save() == saved, "the state differs");
}

/// A file that cannot be read is reported, and the model before goes on and stays in the state.
void broken_file() {
  const TemporaryFile broken(R"({"format": "inlay", "version": 1, "layers": [{"type": "lstm"}]})");
  const Signal in = sines(19200);
  const Signal undisturbed = play_alone(model, in);
  const auto host = open_with(model);
  host->activate(rate, block);
  std::string errors;
  const Signal out = play(*host, in, [&](std::size_t t) {
    if (t == 9600) errors = errors_of([&] { host->load(broken.path); });
  });
  expect(errors.find(broken.path) != std::string::npos, "no message names the file: " + errors);
  expect(out == undisturbed, "the output changed");
  expect(host->save().find(model) != std::string::npos, "the state lost the model that plays");
}

/// A session keeps the name of a model that is missing today.
void missing_file() {
  const auto host = hosts::open(plugin);
  const std::string errors = errors_of([&] { host->load("/nowhere/amp.nam"); });
  expect(errors.find("/nowhere/amp.nam") != std::string::npos, "no message names the file: " + errors);
  expect(host->save().find("/nowhere/amp.nam") != std::string::npos, "the state lost the name");
}

/// Another model is loaded while this one plays: a fade, and then the other one as if it had always played.
void another_model_at(double sample_rate) {
  const auto second = static_cast<std::size_t>(sample_rate);  // whole periods
  const Signal in = sines(second, sample_rate);
  const Signal a = play_alone(model, in, sample_rate), b = play_alone(other_model, in, sample_rate);
  const auto host = open_with(model);
  host->activate(sample_rate, block);
  Signal out = play(*host, in);
  const auto append = [&] {
    const Signal more = play(*host, in);
    for (int c = 0; c < 2; ++c)
      out.channels[c].insert(out.channels[c].end(), more.channels[c].begin(), more.channels[c].end());
  };
  std::thread loader([&] { host->load(other_model); });
  append();
  loader.join();
  append();
  const double slope = std::numbers::pi / 2 / 1024;  // of a fade over 1024 frames
  expect_at_most(largest_step(out), std::max(largest_step(a), largest_step(b)) + (peak(a) + peak(b)) * slope, "step");
  expect_at_most(largest_difference(out, 3 * second - 4800, b, second - 4800, 4800), 1e-3 * peak(b),
                 "difference at the end");
}
void another_model() { another_model_at(rate); }
void another_model_resampled() { another_model_at(44100); }

/// At another sample rate, the plugin gives the same signal, later by the latency that it reports. So does bypass.
void sample_rate() {
  const Signal wanted = play_alone(model, sines(9600));
  const auto host = open_with(model);
  host->activate(rate, block);
  expect(host->latency() == 0, "a latency at the model's own rate");
  struct Rate {
    double hz;
    std::size_t frames, per_frames;  // of the host and of the model, in lowest terms
  };
  for (const Rate& other : {Rate{96000, 2, 1}, Rate{44100, 147, 160}}) {
    const Signal in = sines(static_cast<std::size_t>(other.hz / 4), other.hz);
    host->deactivate();
    host->activate(other.hz, block);
    const std::size_t late = host->latency();
    expect(late > 0, "no latency");
    const Signal out = play(*host, in);
    const std::size_t common = 9600 / other.per_frames, skip = 2400 / other.per_frames;  // without the start
    expect_at_most(largest_difference(out, late + skip * other.frames, wanted, skip * other.per_frames, common - skip,
                                      other.frames, other.per_frames),
                   1e-3 * peak(wanted), "difference at " + std::to_string(other.hz) + " Hz");

    host->deactivate();
    host->set("Bypass", 1);
    host->activate(other.hz, block);
    const Signal dry = play(*host, in);
    expect(largest_difference(dry, late, in, 0, in.size() - late) == 0, "bypass is not as late as the model");
    host->set("Bypass", 0);
    play(*host, in);
  }
  host->deactivate();
  host->activate(rate, block);
  expect(play(*host, sines(9600)) == wanted, "back at the model's own rate, the output differs");
}

/// A model is loaded and removed while the host plays at another rate: the reported latency follows.
void model_comes_and_goes() {
  const Signal in = sines(22050, 44100);
  const Signal wet = play_alone(model, in, 44100);
  const auto host = hosts::open(plugin);
  host->activate(44100, block);
  expect(host->latency() == 0, "a latency without a model");
  const Signal out = play(*host, in, [&](std::size_t t) {
    if (t == 100 * block) host->load(model);
    if (t == 200 * block) expect(host->latency() > 0, "the latency of the model is not reported");
    if (t == 200 * block) host->load("");
  });
  expect(host->latency() == 0, "the latency of the removed model is still reported");
  expect_at_most(largest_step(out), std::max(largest_step(wet), largest_step(in)) + 2 * (peak(wet) + peak(in)) / 1024,
                 "step");
  expect(largest_difference(out, 20000, in, 20000, 2050) == 0, "without a model, the output is not the input");

  const auto bypassed = hosts::open(plugin);
  bypassed->set("Bypass", 1);
  bypassed->activate(44100, block);
  const Signal dry = play(*bypassed, in, [&](std::size_t t) {
    if (t == 100 * block) bypassed->load(model);
  });
  expect_at_most(largest_step(dry), largest_step(in) + 2 * peak(in) / 900, "step of the bypassed signal");
  expect(largest_difference(dry, 20000 + bypassed->latency(), in, 20000, 1900) == 0,
         "bypass is not as late as the model");
}

/// Many instances do not disturb each other.
void fifty_instances() {
  const Signal in = sines(2 * block);
  const Signal wanted = play_alone(model, in), other = play_alone(other_model, in);
  std::vector<std::unique_ptr<Host>> hosts;
  for (int i = 0; i < 50; ++i) hosts.push_back(open_with(i % 2 == 0 ? model : other_model));
  for (const auto& host : hosts) host->activate(rate, block);
  for (std::size_t i = 0; i < hosts.size(); ++i)
    expect(play(*hosts[i], in) == (i % 2 == 0 ? wanted : other), "instance " + std::to_string(i) + " differs");
}

/// Opened, played and closed again and again. Under AddressSanitizer, this finds what is not freed.
void open_and_close() {
  const Signal in = sines(block);
  for (int i = 0; i < 100; ++i) play_alone(model, in);
}

/// INLAY_AMP_MODEL names the model to start with.
void model_of_environment() {
  const Signal in = sines(4800);
  setenv("INLAY_AMP_MODEL", model.c_str(), 1);
  const Signal out = play_alone("", in);
  unsetenv("INLAY_AMP_MODEL");
  expect(out == play_alone(model, in), "the output differs");
}

struct Check {
  const char* name;
  void (*run)();
};
constexpr Check checks[] = {
    {"passes_without_model", passes_without_model},
    {"levels", levels},
    {"loudness", loudness},
    {"level_without_click", level_without_click},
    {"bypass", bypass},
    {"reset", reset},
    {"state", state},
    {"broken_file", broken_file},
    {"missing_file", missing_file},
    {"another_model", another_model},
    {"another_model_resampled", another_model_resampled},
    {"sample_rate", sample_rate},
    {"model_comes_and_goes", model_comes_and_goes},
    {"fifty_instances", fifty_instances},
    {"open_and_close", open_and_close},
    {"model_of_environment", model_of_environment},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: plugin_checks PLUGIN MODEL OTHER_MODEL\n");
    return 2;
  }
  plugin = argv[1];
  model = argv[2];
  other_model = argv[3];
#if defined(HAS_REALTIME_HOOKS)
  hosts::audio_thread = [](const std::function<void()>& call) {
    const std::string violation = realtime::check(call);
    expect(violation.empty(), "on the audio thread, the plugin " + violation);
  };
#endif
  int failed = 0;
  for (const Check& check : checks) try {
      check.run();
      std::printf("passed  %s\n", check.name);
    } catch (const std::exception& error) {
      std::printf("FAILED  %s: %s\n", check.name, error.what());
      failed = 1;
    }
  return failed;
}

/// inlay-convert IN OUT.json [SIZE]: converts a model file of any supported format to inlay's format.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <inlay/io/read_model.hpp>
#include <inlay/io/write_model.hpp>
#include <inlay/run_time.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using namespace inlay;

namespace {

/// Noise whose level increases over the whole signal.
std::vector<float> test_signal(std::size_t frames, std::size_t channels) {
  std::vector<float> signal(frames * channels);
  std::uint32_t random = 1;
  for (std::size_t i = 0; i < signal.size(); ++i) {
    random = random * 1664525u + 1013904223u;
    const double loudness = static_cast<double>(i + 1) / static_cast<double>(signal.size());
    signal[i] = static_cast<float>(loudness * (static_cast<double>(random) / 2147483648.0 - 1));
  }
  return signal;
}

/// Computes a check, which inlay's format requires and most other formats do not have: a signal, and the model's output
/// in double precision.
io::Check check_for(io::ModelFile file) {
  file.info.prewarm = 0;  // a check runs without it
  Model<double> model = Model<double>::of(file);
  const std::size_t frames = 1024 + (model.receptive_field() == unbounded ? 1024 : model.receptive_field());
  const std::vector<float> input = test_signal(frames, model.in_size());
  io::Check check{.source = "inlay, in double",
                  .input = {.place = {}, .shape = {frames, model.in_size()}, .values = {}, .row_places = {}},
                  .output = {.place = {}, .shape = {frames, model.out_size()}, .values = {}, .row_places = {}},
                  .condition = {},
                  .tolerance = 1e-5};
  check.input.values.assign(input.begin(), input.end());
  std::vector<double> y(model.out_size());
  for (std::size_t t = 0; t < frames; ++t) {
    model.forward(std::span(check.input.values).subspan(t * model.in_size(), model.in_size()), y);
    for (double value : y) check.output.values.push_back(static_cast<float>(value));
  }
  return check;
}

/// Writes the whole file or nothing: if writing fails, an existing file is unchanged.
void write_file(const fs::path& path, const std::string& text) {
  fs::path partial = path;
  partial += ".partial";
  std::ofstream stream(partial, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) {
    fs::remove(partial);
    throw std::runtime_error(path.string() + ": cannot be written");
  }
  fs::rename(partial, path);
}

/// Converts a file. Throws inlay::load_error, or std::runtime_error if the target cannot be written.
void convert(const fs::path& from, const fs::path& to, const io::ReadOptions& options) try {
  const std::string text = io::read_text(from);
  io::ModelFile file = io::read_model_text(text, options);
  if (!file.check) file.check = check_for(file);
  write_file(to, io::write_model(file));
  std::printf("%s: %s\n", to.string().c_str(), std::string(io::format_name(text)).c_str());
} catch (const load_error& error) {
  throw error.from(from.string());
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr,
                 "usage: inlay-convert IN OUT.json [SIZE]\nSIZE, from 0 to 1: how much of a model of several sizes\n");
    return 2;
  }
  io::ReadOptions options;
  if (argc == 4) options.size = std::stod(argv[3]);
  convert(argv[1], argv[2], options);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}

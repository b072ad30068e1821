/// inlay-convert IN OUT.json [SIZE]: turns a model file of any format that inlay reads into one of inlay's own.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <inlay/io/formats.hpp>
#include <inlay/io/load.hpp>
#include <inlay/io/write.hpp>
#include <stdexcept>
#include <string>

namespace fs = std::filesystem;
using namespace inlay;

namespace {

/// A signal and what the model makes of it, which files of inlay's format carry and most others do not.
io::Check check_for(const io::ModelFile&) {
  // To be made by running the model, once there is one whose layers need not be known when a program is compiled.
  throw load_error("check", "a test signal, as this program cannot make one yet", "none in a file of this format");
}

/// All of the file or none: what was there before stays if anything goes wrong.
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

void convert(const fs::path& from, const fs::path& to, const io::ReadOptions& options) try {
  const nlohmann::json document = io::parse(io::read_text(from));
  io::ModelFile file = io::read_model(document, options);
  if (!file.check) file.check = check_for(file);
  write_file(to, io::write_model(file));
  std::printf("%s: %s\n", to.string().c_str(), std::string(io::format_of(document).name).c_str());
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

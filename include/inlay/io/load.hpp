/// Loading a model: text to document, document to records, records to a model, and the check.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>

#include "inlay/io/check.hpp"
#include "inlay/io/fill.hpp"
#include "inlay/io/formats.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/parse.hpp"
#include "inlay/io/runnable.hpp"

namespace inlay {

namespace io {

inline std::string read_text(std::istream& stream) {
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (stream.bad()) throw load_error("file", "a readable stream", "a read error");
  return text;
}

inline std::string read_text(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw load_error("file", "a model file", "a directory");
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    throw load_error("file", "a readable file",
                     std::filesystem::exists(path, error) ? "one that cannot be opened" : "none");
  return read_text(stream);
}

/// Fills `model` from `file` and checks it; throws load_error before `model` is changed.
template <class Model>
ModelInfo fill_model(Model& model, const ModelFile& file) {
  // All of it is tried on a copy, on the heap: a model may be larger than a stack.
  const auto fresh = std::make_unique<Model>(model);
  const double bound = fill_chain(fresh->layers(), file.chain, {});
  ModelInfo info = file.info;
  if (file.check) {
    const auto state = std::make_unique<typename Model::State>();
    info.check_error = run_check(runnable(*fresh, *state), *file.check, bound);
  }
  model = *fresh;
  model.reset();
  return info;
}

}  // namespace io

/// What ModelT::load calls; they return what the file says beside the network. Throw load_error, and then
/// the model is as it was.
template <class Model, std::same_as<nlohmann::json> Json>
ModelInfo load_model(Model& model, const Json& document) {
  const io::ModelFile file = io::read_model(document);
  if constexpr (requires { model.fill(file); }) return model.fill(file);
  else return io::fill_model(model, file);
}

template <class Model>
ModelInfo load_model_text(Model& model, std::string_view text) {
  return load_model(model, io::parse(text));
}

template <class Model>
ModelInfo load_model(Model& model, std::istream& stream) {
  return load_model_text(model, io::read_text(stream));
}

template <class Model>
ModelInfo load_model(Model& model, const std::filesystem::path& path) {
  try {
    return load_model_text(model, io::read_text(path));
  } catch (const load_error& error) {
    throw error.from(path.string());
  }
}

}  // namespace inlay

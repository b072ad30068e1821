/// Loading a file into a model type: fills the weights from the file's records and runs the check.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "inlay/io/check.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/read_model.hpp"
#include "inlay/io/runnable.hpp"
#include "inlay/io/weight_loader.hpp"

namespace inlay {

namespace io {

/// Fills `model` from `file` and runs the check. Works on a copy, so that `model` is unchanged if load_error is thrown.
/// The copy is on the heap, because a model can be larger than the stack.
template <class Model>
ModelInfo fill_model(Model& model, const ModelFile& file) try {
  const auto fresh = std::make_unique<Model>(model);
  const double bound = load_chain(fresh->layers(), file.chain);
  const auto state = std::make_unique<typename Model::State>();
  ModelInfo info = checked_info(file, runnable(*fresh, *state), bound);
  model = std::move(*fresh);  // which cannot fail
  model.reset();
  return info;
} catch (const load_error& error) {
  throw file.source.empty() ? error : error.from(file.source);
}

}  // namespace io

/// Implements ModelT::load. Returns the file's ModelInfo. Throws load_error; the model is then unchanged.
template <class Model, class Source>
ModelInfo load_model(Model& model, Source&& source) {
  return io::fill_model(model, io::read_model_of(std::forward<Source>(source)));
}
/// Implements ModelT::load_text: the same for the text of a file.
template <class Model>
ModelInfo load_model_text(Model& model, std::string_view text) {
  return io::fill_model(model, io::read_model_text(text));
}

}  // namespace inlay

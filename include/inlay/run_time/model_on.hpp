/// Model<T, B>: a run-time model on a backend of your choice; header-only.
#pragma once

#include <string_view>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/run_time/kernels.ipp"
#include "inlay/run_time/model.hpp"

namespace inlay {

/// A Model<T> whose layers run on backend B. `ModelOptions::isa` is ignored.
template <class T, class B>
class Model : public Model<T, void> {
  static_assert(Backend<B>, "inlay::Model<T, B>: B must be a backend, such as inlay::XsimdBackend<T>");
  using Base = Model<T, void>;

 public:
  /// Loads a model, as Model<T>::load.
  template <class Source>
  static Model load(Source&& source, const ModelOptions& options = {}) {
    return of(io::read_model_of(std::forward<Source>(source), {options.size}));
  }
  /// Loads a model from the contents of a file: text, or the bytes of a .namb file.
  static Model load_text(std::string_view text, const ModelOptions& options = {}) {
    return of(io::read_model_text(text, {options.size}));
  }
  /// Makes a model from the contents of a file.
  static Model of(const io::ModelFile& file) { return Model(Base::of(file, kernels::kernels_of<B>())); }

 private:
  explicit Model(Base model) : Base(std::move(model)) {}
};

}  // namespace inlay

/// RTNeural's JSON for models of RTNeural's names. Included by rtneural.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "inlay/compat/rtneural_custom.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/inlay.hpp"
#include "inlay/io/check.hpp"
#include "inlay/io/inlay_format.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/rtneural_format.hpp"
#include "inlay/io/runnable.hpp"
#include "inlay/io/validate.hpp"

namespace inlay::INLAY_ISA::compat::rtneural::detail {

/// The layers of a file; nothing for a custom one, which the user fills.
using Records = std::vector<std::optional<io::LayerRecord>>;

/// What a document holds.
struct Source {
  Records records;
  std::optional<io::ModelFile> file;  ///< a file of inlay's own, which has a check
};

/// Reads what RTNeural's Keras script writes, or an inlay file; layers of the types that `custom` lists are left to the
/// user. Other formats are for `load`: their readers take long to compile.
inline Source read(const io::Json& document, std::initializer_list<std::string> custom) {
  const io::JsonCursor root(document, "");
  if (document.is_object() && root.find("format")) {
    const io::ModelFile file = io::read_inlay(root);
    io::validate(file);
    return {{file.chain.layers.begin(), file.chain.layers.end()}, file};
  }
  const io::JsonCursor layers = root["layers"];
  layers.size();  // is it an array?
  std::size_t width = io::detail::rtneural_width(root["in_shape"]);
  Records records;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const io::JsonCursor node = layers[i].object();
    if (std::find(custom.begin(), custom.end(), node["type"].string()) != custom.end()) {
      width = io::detail::rtneural_width(node["shape"]);
      records.emplace_back();
      continue;
    }
    std::vector<io::LayerRecord> read;
    width = io::detail::RtneuralLayer(node, width).read(read);
    for (io::LayerRecord& record : read) records.emplace_back(std::move(record));
  }
  return {std::move(records), std::nullopt};
}

/// What RTNeural takes from a layer's type and not from a file, or in another form than inlay.
template <class L>
void adapt(const L& layer, io::LayerRecord& record) {
  if (std::get<std::string>(record.type.value) != L::type) return;
  if constexpr (L::type == "elu") record.values.insert_or_assign("alpha", io::Value{record.place, double{layer.alpha}});
  if constexpr (L::type == "prelu" && L::parameters > 1) {
    io::TensorRecord& alpha = record.tensors.at("alpha");
    if (alpha.shape.front() != 1) return;
    alpha.shape = {L::parameters};
    alpha.values.resize(L::parameters, alpha.values.front());
  }
}

/// Refuses another number of layers, and numbers that no layer can work with.
inline void validate(const Records& records, std::size_t count) {
  if (records.size() != count)
    throw load_error("layers", io::concat({std::to_string(count), " layers, as the model type has"}),
                     io::concat({std::to_string(records.size()), " (an activation counts as a layer)"}));
  for (const std::optional<io::LayerRecord>& record : records)
    if (record) io::validate(*record);
}

/// Layers that were filled apart from their model.
using Filled = std::vector<std::shared_ptr<void>>;

/// Fills the layers of a model or, where `apart` is given, others of their types, and appends them to it. Returns the
/// largest error that the mathematics of any of them states. Throws load_error.
template <class Model>
double fill_layers(Model& model, Source& source, Filled* apart) {
  std::size_t i = 0;
  double bound = 0;
  io::for_each_leaf(model.layers(), [&]<class L>(L& layer) {
    const io::LayerNumber number{i};
    std::optional<io::LayerRecord>& record = source.records[i++];
    if (apart) apart->emplace_back();
    if (!record) return;
    if constexpr (is_custom<L>)
      if constexpr (requires { layer.user.isActivation(); })
        if (layer.user.isActivation()) return;  // it is what the file's activation is
    if (!source.file) adapt(layer, *record);
    const auto fill = [&](L& to) {
      io::WeightLoader filling(*record, number, L::type, L::in_size, L::out_size);
      to.visit(filling);
      filling.finish();
      inlay::detail::prepare(to);
      bound = std::max({bound, io::policy_bound<L>(), filling.bound});
    };
    if (is_custom<L> || !apart) return fill(layer);
    const auto fresh = std::make_shared<L>(layer);  // with what the user set
    fill(*fresh);
    apart->back() = fresh;
  });
  return bound;
}

/// Moves layers that `fill_layers` filled into their model, which cannot fail.
template <class Model>
void take_layers(Model& model, const Filled& filled) noexcept {
  std::size_t i = 0;
  io::for_each_leaf(model.layers(), [&]<class L>(L& layer) {
    if (const std::shared_ptr<void>& from = filled[i++]) layer = std::move(*static_cast<L*>(from.get()));
  });
}

/// A model for a check, frame by frame as its users run it. `process` is the same code in another order of frames, and
/// compiling it for each of many model types takes long: here it goes by frames too.
template <class Model>
class ByFrames {
  using T = typename Model::scalar;

 public:
  static io::Runnable<T> of(Model& model) {
    return {Model::in_size,
            Model::out_size,
            0,
            Model::receptive_field,
            Model::rate,
            true,
            [](const void*, std::size_t frames) { return frames; },
            &model,
            &model,
            [](const void*, void* state) { static_cast<Model*>(state)->reset(); },
            [](const void*, void* state, const T* in, T* out, const T*) {
              run(state, in, out);
              return std::size_t{1};
            },
            [](const void*, void* state, const T* const* in, T* const* out, std::size_t frames, Condition<T>) {
              T x[Model::in_size], y[Model::out_size];
              for (std::size_t t = 0; t < frames; ++t) {
                for (std::size_t c = 0; c < Model::in_size; ++c) x[c] = in[c][t];
                run(state, x, y);
                for (std::size_t c = 0; c < Model::out_size; ++c) out[c][t] = y[c];
              }
              return frames;
            }};
  }

 private:
  static INLAY_NOINLINE void run(void* model, const T* in, T* out) {
    static_cast<Model*>(model)->forward(in);
    std::copy_n(static_cast<Model*>(model)->getOutputs(), Model::out_size, out);
  }
};

/// Fills a model, or throws load_error and leaves it as it is. Layers of the user's own are not touched.
template <class Model>
void fill(Model& model, Source source) {
  validate(source.records, io::LeafCount<std::remove_cvref_t<decltype(model.layers())>>::value);
  Filled filled;
  fill_layers(model, source, &filled);
  if (source.file) {
    const auto fresh = std::make_unique<Model>();
    const double bound = fill_layers(*fresh, source, nullptr);
    io::checked_info(*source.file, ByFrames<Model>::of(*fresh), bound);
  }
  take_layers(model, filled);
  model.reset();
}

}  // namespace inlay::INLAY_ISA::compat::rtneural::detail

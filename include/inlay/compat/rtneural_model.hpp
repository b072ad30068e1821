/// RTNeural's run-time model by its names. Included by rtneural.hpp; it costs what `inlay::Model` costs to compile only
/// where it is used.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "inlay/compat/rtneural_layer.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/run_time.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

namespace detail {

/// A network that gives back what it gets, until there are layers.
inline io::ModelFile no_layers(int channels) {
  if (channels < 1) throw load_error("in_size", "at least one channel", std::to_string(channels));
  io::ModelFile file;
  io::LayerRecord& record = file.chain.layers.emplace_back();
  record.type.value = std::string("identity");
  record.values.emplace("size", io::Value{"in_size", static_cast<std::size_t>(channels)});
  return file;
}

}  // namespace detail

/// A model of run-time sizes: of a file, or put together from layers. All functions of inlay::Model can be used as
/// well, such as `process`.
///
/// The first `reset`, `forward` or `process` after `addLayer`, or after a setter of a layer, lays the weights of all
/// layers out as one network, which allocates; its state is that of a start. A model with a layer of the user's own
/// runs layer by layer instead, and has no `process`.
template <typename T>
class Model : public inlay::Model<T> {
  using Base = inlay::Model<T>;

 public:
  /// An empty model of so many channels.
  explicit Model(int in_size)
      : Base(Base::of(detail::no_layers(in_size))), in_size_(in_size), output_(Base::out_size()) {}
  /// A model of a file.
  explicit Model(Base model)
      : Base(std::move(model)), in_size_(static_cast<int>(Base::in_size())), output_(Base::out_size()) {}
  /// A model of a file with its layers, as far as RTNeural has names for all of them.
  Model(Base model, std::vector<std::unique_ptr<Layer<T>>> parts) : Model(std::move(model)) {
    for (auto& part : parts) add(std::move(part));
    changed_ = false;  // they are what the model was made of
  }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model() {
    for (Layer<T>* layer : layers) delete layer;
  }

  int getInSize() const noexcept { return layers.empty() ? in_size_ : layers.front()->in_size; }
  int getOutSize() const noexcept { return layers.empty() ? static_cast<int>(Base::out_size()) : getNextInSize(); }
  /// Channels that the next layer takes.
  int getNextInSize() const noexcept { return layers.empty() ? in_size_ : layers.back()->out_size; }

  /// Adds a layer, which the model owns from now on. Throws load_error, and deletes it, if it takes another number of
  /// channels than the layer before gives.
  void addLayer(Layer<T>* layer) { add(std::unique_ptr<Layer<T>>(layer)); }

  void reset() noexcept {
    join();
    Base::reset();
    if (!whole_)
      for (Layer<T>* layer : layers) layer->reset();
  }
  using Base::reset;

  using Base::forward;
  /// One frame of `getInSize()` values, of any alignment. Returns the first output; `getOutputs` has all of them.
  T forward(const T* input) noexcept {
    join();
    if (whole_) {
      Base::forward(std::span<const T>(input, Base::in_size()), output_);
      return output_.front();
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
      layers[i]->forward(input, between_[i].data());
      input = between_[i].data();
    }
    return *getOutputs();
  }
  /// What the last `forward` of a pointer gave: `getOutSize()` values.
  const T* getOutputs() const noexcept { return whole_ ? output_.data() : between_.back().data(); }

  using Base::process;
  std::size_t process(const T* const* in, T* const* out, std::size_t frames, Condition<T> condition = {}) noexcept {
    join();
    return whole_ ? Base::process(in, out, frames, condition) : 0;
  }
  std::size_t process(std::span<const T> in, std::span<T> out, Condition<T> condition = {}) noexcept {
    join();
    return whole_ ? Base::process(in, out, condition) : 0;
  }

  /// The model's layers, in their order. Empty for a file with layers that RTNeural has no names for.
  std::vector<Layer<T>*> layers;

 private:
  void add(std::unique_ptr<Layer<T>> layer) {
    if (layer->in_size != getNextInSize())
      throw load_error(io::concat({"layers[", std::to_string(layers.size()), "]"}),
                       io::concat({"a layer of ", std::to_string(getNextInSize()), " channels"}),
                       std::to_string(layer->in_size), layer->getName());
    between_.emplace_back(static_cast<std::size_t>(layer->out_size));
    layers.push_back(layer.get());
    layer.release()->changed_ = &changed_;
    changed_ = true;
  }

  /// Makes one network of the layers, if they are new.
  void join() noexcept {
    if (!changed_) return;
    changed_ = whole_ = false;
    try {
      io::ModelFile file;
      file.chain.place = "layers";
      for (const Layer<T>* layer : layers) {
        const io::LayerRecord* record = layer->record();
        if (!record) return;
        file.chain.layers.push_back(*record);
      }
      static_cast<Base&>(*this) = Base::of(file);
      output_.assign(Base::out_size(), T{});
      whole_ = true;
    } catch (const std::exception&) {  // each layer plays zeros that has no usable weights
    }
  }

  int in_size_;
  std::vector<T> output_;                ///< of the whole network
  std::vector<std::vector<T>> between_;  ///< what each layer gave
  bool changed_ = false;                 ///< whether the network is older than the layers
  bool whole_ = true;                    ///< whether inlay's network is that of the layers
};

}  // namespace inlay::INLAY_ISA::compat::rtneural

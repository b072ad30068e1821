/// RTNeural's run-time model by its names. Included by rtneural.hpp; it costs what `inlay::Model` costs to compile only
/// where it is used.
#pragma once

#include <cstddef>
#include <exception>
#include <istream>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "inlay/compat/rtneural_json.hpp"
#include "inlay/compat/rtneural_layer.hpp"
#include "inlay/compat/rtneural_run_time_layers.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/parse.hpp"
#include "inlay/io/read_model.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

namespace detail {

/// The layer of a record, by RTNeural's name; null for one that RTNeural does not have.
template <class T, class Maths>
std::unique_ptr<Layer<T>> make_layer(const io::LayerRecord& record) {
  const auto filled = [&](auto layer) -> std::unique_ptr<Layer<T>> {
    layer->take(record);
    return layer;
  };
  const auto number = [&](const char* name) { return static_cast<int>(io::number_of(record, name)); };
  const std::string type(io::type_of(record));
  if (type == "dense") return filled(std::make_unique<Dense<T>>(number("in"), number("out")));
  if (type == "conv1d")
    return filled(std::make_unique<Conv1D<T>>(number("in"), number("out"), number("kernel_size"), number("dilation"),
                                              number("groups")));
  if (type == "conv2d")
    return filled(std::make_unique<Conv2D<T>>(
        number("in"), number("out"), number("features"), number("kernel_size_time"), number("kernel_size_features"),
        number("dilation"), number("stride"), io::text_option(record, "padding", "valid") == "valid"));
  if (type == "lstm") return filled(std::make_unique<LSTMLayer<T, Maths>>(number("in"), number("out")));
  if (type == "gru") return filled(std::make_unique<GRULayer<T, Maths>>(number("in"), number("out")));
  if (type == "batchnorm1d") return filled(std::make_unique<BatchNorm1DLayer<T>>(number("size")));
  if (type == "batchnorm2d")
    return filled(std::make_unique<BatchNorm2DLayer<T>>(number("channels"), number("features")));
  if (type == "tanh") return filled(std::make_unique<TanhActivation<T, Maths>>(number("size")));
  if (type == "relu") return filled(std::make_unique<ReLuActivation<T>>(number("size")));
  if (type == "sigmoid") return filled(std::make_unique<SigmoidActivation<T, Maths>>(number("size")));
  if (type == "softmax") return filled(std::make_unique<SoftmaxActivation<T, Maths>>(number("size")));
  if (type == "elu") return filled(std::make_unique<ELuActivation<T, Maths>>(number("size")));
  if (type == "prelu") {
    auto prelu = std::make_unique<PReLUActivation<T>>(number("size"));
    const auto& alpha = record.tensors.at("alpha").values;
    prelu->setAlphaVals(std::vector<T>(alpha.begin(), alpha.end()));
    return prelu;
  }
  return nullptr;
}

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
  /// A model of a file. `parts` are its layers, as far as RTNeural has names for all of them.
  explicit Model(Base model, std::vector<std::unique_ptr<Layer<T>>> parts = {})
      : Base(std::move(model)), in_size_(static_cast<int>(Base::in_size())), output_(Base::out_size()) {
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

namespace json_parser {

template <typename T>
std::unique_ptr<Dense<T>> createDense(int in_size, int out_size, const nlohmann::json& weights) {
  auto dense = std::make_unique<Dense<T>>(in_size, out_size);
  loadDense<T>(*dense, weights);
  return dense;
}
template <typename T>
std::unique_ptr<Conv1D<T>> createConv1D(int in_size, int out_size, int kernel_size, int dilation, int groups,
                                        const nlohmann::json& weights) {
  auto conv = std::make_unique<Conv1D<T>>(in_size, out_size, kernel_size, dilation, groups);
  loadConv1D<T>(*conv, kernel_size, dilation, weights);
  return conv;
}
template <typename T>
std::unique_ptr<Conv2D<T>> createConv2D(int num_filters_in, int num_features_in, int num_filters_out,
                                        int kernel_size_time, int kernel_size_feature, int dilation, int stride,
                                        bool valid_pad, const nlohmann::json& weights) {
  auto conv = std::make_unique<Conv2D<T>>(num_filters_in, num_filters_out, num_features_in, kernel_size_time,
                                          kernel_size_feature, dilation, stride, valid_pad);
  loadConv2D<T>(*conv, weights);
  return conv;
}
template <typename T, typename MathsProvider = DefaultMathsProvider>
std::unique_ptr<GRULayer<T, MathsProvider>> createGRU(int in_size, int out_size, const nlohmann::json& weights) {
  auto gru = std::make_unique<GRULayer<T, MathsProvider>>(in_size, out_size);
  loadGRU<T>(*gru, weights);
  return gru;
}
template <typename T, typename MathsProvider = DefaultMathsProvider>
std::unique_ptr<LSTMLayer<T, MathsProvider>> createLSTM(int in_size, int out_size, const nlohmann::json& weights) {
  auto lstm = std::make_unique<LSTMLayer<T, MathsProvider>>(in_size, out_size);
  loadLSTM<T>(*lstm, weights);
  return lstm;
}
template <typename T>
std::unique_ptr<PReLUActivation<T>> createPReLU(int in_size, const nlohmann::json& weights) {
  auto prelu = std::make_unique<PReLUActivation<T>>(in_size);
  loadPReLU<T>(*prelu, weights);
  return prelu;
}
template <typename T>
std::unique_ptr<BatchNorm1DLayer<T>> createBatchNorm(int size, const nlohmann::json& weights, T epsilon) {
  auto batch_norm = std::make_unique<BatchNorm1DLayer<T>>(size);
  loadBatchNorm<T>(*batch_norm, weights, weights.size() == 4);
  batch_norm->setEpsilon(epsilon);
  return batch_norm;
}
template <typename T>
std::unique_ptr<BatchNorm2DLayer<T>> createBatchNorm2D(int num_filters_in, int num_features_in,
                                                       const nlohmann::json& weights, T epsilon) {
  auto batch_norm = std::make_unique<BatchNorm2DLayer<T>>(num_filters_in, num_features_in);
  loadBatchNorm<T>(*batch_norm, weights, weights.size() == 4);
  batch_norm->setEpsilon(epsilon);
  return batch_norm;
}
/// Null for an activation that RTNeural does not have.
template <typename T, typename MathsProvider = DefaultMathsProvider>
std::unique_ptr<Activation<T>> createActivation(const std::string& activationType, int dims) {
  if (activationType == "tanh") return std::make_unique<TanhActivation<T, MathsProvider>>(dims);
  if (activationType == "relu") return std::make_unique<ReLuActivation<T>>(dims);
  if (activationType == "sigmoid") return std::make_unique<SigmoidActivation<T, MathsProvider>>(dims);
  if (activationType == "softmax") return std::make_unique<SoftmaxActivation<T, MathsProvider>>(dims);
  if (activationType == "elu") return std::make_unique<ELuActivation<T, MathsProvider>>(dims);
  return nullptr;
}

/// The network of a file of any format that inlay reads. Throws inlay::load_error, also for what RTNeural's would skip.
/// Nothing is printed: what RTNeural says in debug mode is in the error.
template <typename T, typename MathsProvider = DefaultMathsProvider>
std::unique_ptr<Model<T>> parseJson(const io::Json& parent, bool /*debug*/ = false) {
  const io::ModelFile file = io::read_model(parent);
  auto model = inlay::Model<T>::of(file);
  if (!model.one_to_one() || model.condition_size() > 0)
    throw load_error("file", "a network without side channels that gives a frame for each", "another");
  std::vector<std::unique_ptr<Layer<T>>> layers;
  for (const io::LayerRecord& record : file.chain.layers) {
    layers.push_back(detail::make_layer<T, MathsProvider>(record));
    if (layers.back()) continue;
    layers.clear();
    break;
  }
  return std::make_unique<Model<T>>(std::move(model), std::move(layers));
}
template <typename T, typename MathsProvider = DefaultMathsProvider>
std::unique_ptr<Model<T>> parseJson(const nlohmann::json& parent, bool debug = false) {
  return parseJson<T, MathsProvider>(io::json_of(parent), debug);
}
template <typename T, typename MathsProvider = DefaultMathsProvider>
std::unique_ptr<Model<T>> parseJson(std::istream& stream, bool debug = false) {
  if (!stream) throw load_error("file", "a readable file", "none");
  return parseJson<T, MathsProvider>(io::parse(io::read_text(stream)), debug);
}

}  // namespace json_parser
}  // namespace inlay::INLAY_ISA::compat::rtneural

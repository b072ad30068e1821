/// RTNeural's Layer<T>, and what the layers of run-time sizes have in common. Included by rtneural.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "inlay/compat/rtneural_values.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/run_time.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

template <typename T>
class Model;

/// A layer of a run-time model: one of RTNeural's names below, or a class of the user's own.
template <typename T>
class Layer {
 public:
  using scalar = T;

  Layer(int in, int out) : in_size(in), out_size(out) {}
  Layer(const Layer& other) : in_size(other.in_size), out_size(other.out_size) {}
  Layer& operator=(const Layer&) = delete;
  virtual ~Layer() = default;

  virtual std::string getName() const noexcept { return ""; }
  virtual void reset() {}
  /// One frame: `in_size` values in, `out_size` values out.
  virtual void forward(const T* input, T* out) noexcept = 0;

  const int in_size, out_size;

 protected:
  /// To be called when weights change: the model that the layer is in lays its weights out anew.
  void changed() noexcept {
    if (changed_) *changed_ = true;
  }

 private:
  friend class Model<T>;
  /// The layer as a file would say it; null for one that only its own `forward` knows.
  virtual const io::LayerRecord* record() const noexcept { return nullptr; }

  bool* changed_ = nullptr;  ///< a flag of the model that the layer is in
};

namespace detail {

/// An option of a layer.
struct Option {
  const char* name;
  decltype(io::Value::value) value;

  Option(const char* name_of, int number) : name(name_of), value(static_cast<std::size_t>(number)) {}
  Option(const char* name_of, bool flag) : name(name_of), value(flag) {}
  Option(const char* name_of, const char* text) : name(name_of), value(std::string(text)) {}
};

/// A tensor of one value throughout, until it is set.
struct Constant {
  const char* name;
  std::vector<int> shape;
  double value = 0;
};

/// A layer of inlay's, whose weights are kept as a file would say them. On its own it is a network of one layer, built
/// by the first `reset` or `forward` after its weights were set; within a Model it is a part of the model's network.
template <typename T>
class RecordLayer : public Layer<T> {
 public:
  std::string getName() const noexcept override { return name_; }
  void reset() override {
    if (build()) network_->reset();
  }
  void forward(const T* input, T* out) noexcept override {
    const auto ins = static_cast<std::size_t>(this->in_size), outs = static_cast<std::size_t>(this->out_size);
    if (build()) network_->forward(std::span<const T>(input, ins), std::span<T>(out, outs));
    else std::fill_n(out, outs, T{});
  }

  /// Takes the options and tensors that a record of a file has.
  void take(const io::LayerRecord& record) {
    for (const auto& [name, value] : record.values) record_.values.insert_or_assign(name, value);
    for (const auto& [name, tensor] : record.tensors) record_.tensors.insert_or_assign(name, tensor);
    changed();
  }

 protected:
  RecordLayer(int in, int out, std::string type, std::initializer_list<Option> options,
              std::initializer_list<Constant> tensors, std::string name = {})
      : Layer<T>(in, out), name_(name.empty() ? type : std::move(name)) {
    record_ = {.place = name_, .type = {name_, std::move(type)}, .values = {}, .tensors = {}};
    for (const Option& option : options) record_.values.insert_or_assign(option.name, io::Value{name_, option.value});
    for (const Constant& constant : tensors) tensor(constant);
  }

  const io::LayerRecord* record() const noexcept override { return &record_; }

  void tensor(const Constant& constant) {
    io::TensorRecord& tensor = record_.tensors[constant.name];
    tensor.place = name_;
    std::size_t count = 1;
    for (const int extent : constant.shape) count *= tensor.shape.emplace_back(static_cast<std::size_t>(extent));
    tensor.values.assign(count, constant.value);
  }
  /// Sets a tensor to what `setter`, a function of the layer, was given. `axes`: see tensor_values. Throws load_error
  /// and changes nothing if the values have other extents.
  template <class V>
  void set(const char* setter, const char* name, const V& values, std::initializer_list<std::size_t> axes = {0}) {
    io::TensorRecord& tensor = record_.tensors.at(name);
    const auto ordered = tensor_values<T>(values, tensor.shape, axes, {setter, description()});
    tensor.values.assign(ordered.begin(), ordered.end());
    changed();
  }
  void set_number(const char* name, T value) {
    record_.values.insert_or_assign(name, io::Value{name_, static_cast<double>(value)});
    changed();
  }
  /// An element of a matrix, or of a vector, which is row 0.
  T value(const char* name, int row, int column) const {
    const io::TensorRecord& tensor = record_.tensors.at(name);
    return static_cast<T>(
        tensor.values.at(static_cast<std::size_t>(row) * tensor.shape.back() + static_cast<std::size_t>(column)));
  }
  std::string description() const {
    return io::concat({name_, " ", std::to_string(this->in_size), " -> ", std::to_string(this->out_size)});
  }

 private:
  void changed() noexcept {
    built_ = false;
    Layer<T>::changed();
  }

  /// Lays the weights out if they are new. False where no network can work with them, such as a batch normalisation
  /// that is yet to get an epsilon.
  bool build() noexcept {
    if (built_) return network_.has_value();
    built_ = true;
    network_.reset();
    try {
      io::ModelFile file;
      file.chain.layers.push_back(record_);
      network_.emplace(inlay::Model<T>::of(file));
    } catch (const std::exception&) {
    }
    return network_.has_value();
  }

  std::string name_;
  io::LayerRecord record_;
  std::optional<inlay::Model<T>> network_;
  bool built_ = false;
};

}  // namespace detail

}  // namespace inlay::INLAY_ISA::compat::rtneural

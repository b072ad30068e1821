/// RTNeural's Layer<T>, and what the layers of run-time sizes have in common. Included by rtneural.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "inlay/compat/rtneural_settable.hpp"
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
    const std::size_t ins = size(this->in_size), outs = size(this->out_size);
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
  RecordLayer(int in, int out, std::string name, std::string type) : Layer<T>(in, out), name_(std::move(name)) {
    record_ = {.place = name_, .type = {name_, std::move(type)}, .values = {}, .tensors = {}};
  }

  const io::LayerRecord* record() const noexcept override { return &record_; }

  static std::size_t size(int number) { return static_cast<std::size_t>(number); }

  void option(const char* name, int number) { record_.values.insert_or_assign(name, io::Value{name_, size(number)}); }
  void option(const char* name, bool flag) { record_.values.insert_or_assign(name, io::Value{name_, flag}); }
  void option(const char* name, const char* text) {
    record_.values.insert_or_assign(name, io::Value{name_, std::string(text)});
  }
  void number(const char* name, T value) {
    record_.values.insert_or_assign(name, io::Value{name_, static_cast<double>(value)});
    changed();
  }

  /// A tensor of one value throughout, until it is set.
  void tensor(const char* name, std::vector<std::size_t> shape, double value = 0) {
    std::size_t count = 1;
    for (const std::size_t extent : shape) count *= extent;
    record_.tensors.insert_or_assign(
        name,
        io::TensorRecord{
            .place = name_, .shape = std::move(shape), .values = std::vector<double>(count, value), .row_places = {}});
  }
  /// Sets a tensor of four axes, or of fewer whose extents are 1, to `value(a, b, c, d)`.
  void set(const char* name, const std::size_t (&extents)[4], auto value) {
    std::vector<double>& values = tensor_of(name).values;
    values.clear();
    for (std::size_t a = 0; a < extents[0]; ++a)
      for (std::size_t b = 0; b < extents[1]; ++b)
        for (std::size_t c = 0; c < extents[2]; ++c)
          for (std::size_t d = 0; d < extents[3]; ++d) values.push_back(static_cast<double>(value(a, b, c, d)));
    changed();
  }
  void set_vector(const char* place, const char* name, const std::vector<T>& values) {
    expect(place, values, {tensor_of(name).values.size()});
    set(name, {1, 1, 1, values.size()}, [&](auto, auto, auto, auto i) { return values[i]; });
  }
  T value(const char* name, std::size_t i) const { return static_cast<T>(tensor_of(name).values.at(i)); }

  /// Throws load_error unless nested vectors have these extents; `place` is the setter.
  template <class V, std::size_t N>
  void expect(const char* place, const std::vector<V>& values, const std::size_t (&shape)[N]) const {
    expect_shape(values, shape, place,
                 io::concat({name_, " ", std::to_string(this->in_size), " -> ", std::to_string(this->out_size)}));
  }

 private:
  io::TensorRecord& tensor_of(const char* name) { return record_.tensors.at(name); }
  const io::TensorRecord& tensor_of(const char* name) const { return record_.tensors.at(name); }

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

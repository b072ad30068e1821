/// RTNeural's run-time model by its names. Included by rtneural.hpp; it costs what `inlay::Model` costs to compile only
/// where it is used.
#pragma once

#include <cstddef>
#include <istream>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/formats.hpp"
#include "inlay/io/parse.hpp"
#include "inlay/run_time.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

/// An inlay::Model, all of which can be used as well, such as `process`.
template <typename T>
class Model : public inlay::Model<T> {
  using Base = inlay::Model<T>;

 public:
  explicit Model(Base model) : Base(std::move(model)), outputs_(Base::out_size()) {}

  int getInSize() const noexcept { return static_cast<int>(Base::in_size()); }
  int getOutSize() const noexcept { return static_cast<int>(Base::out_size()); }

  using Base::forward;
  /// One frame of `getInSize()` values, of any alignment. Returns the first output; `getOutputs` has all of them.
  T forward(const T* input) noexcept {
    Base::forward(std::span<const T>(input, Base::in_size()), outputs_);
    return outputs_.front();
  }
  /// What the last `forward` of a pointer gave: `getOutSize()` values.
  const T* getOutputs() const noexcept { return outputs_.data(); }

 private:
  std::vector<T> outputs_;
};

namespace json_parser {

/// The network of a file of any format that inlay reads. Throws inlay::load_error, also for what RTNeural's would skip.
/// Nothing is printed: what RTNeural says in debug mode is in the error.
template <typename T>
std::unique_ptr<Model<T>> parseJson(const nlohmann::json& parent, bool /*debug*/ = false) {
  auto model = inlay::Model<T>::of(io::read_model(parent));
  if (!model.one_to_one() || model.condition_size() > 0)
    throw load_error("file", "a network without side channels that gives a frame for each", "another");
  return std::make_unique<Model<T>>(std::move(model));
}
template <typename T>
std::unique_ptr<Model<T>> parseJson(std::istream& stream, bool debug = false) {
  if (!stream) throw load_error("file", "a readable file", "none");
  return parseJson<T>(io::parse(io::read_text(stream)), debug);
}

}  // namespace json_parser
}  // namespace inlay::INLAY_ISA::compat::rtneural

/// Code that was written for RTNeural, compiled against inlay: include this instead of
/// <RTNeural/RTNeural.h>, and add inlay/include to the include path. Only names and argument orders are here; what they
/// stand for, what is an error now, and how to go on: docs/from-rtneural.md.
///
/// The names are in `inlay::compat::rtneural`, which is called `RTNeural` too, or what RTNEURAL_NAMESPACE says. To have
/// RTNeural itself beside it, define INLAY_NO_RTNEURAL_NAMESPACE before this header, and use the long name.
#pragma once

#if defined(RTNEURAL_IF_CONSTEXPR) && !defined(INLAY_NO_RTNEURAL_NAMESPACE)
#error \
    "RTNeural is included already: include one of both, or define INLAY_NO_RTNEURAL_NAMESPACE (docs/from-rtneural.md)"
#endif

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <fstream>
#include <initializer_list>
#include <iostream>
#include <istream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "inlay/compat/rtneural_activations.hpp"
#include "inlay/compat/rtneural_batchnorm.hpp"
#include "inlay/compat/rtneural_checks.hpp"
#include "inlay/compat/rtneural_conv1d.hpp"
#include "inlay/compat/rtneural_conv2d.hpp"
#include "inlay/compat/rtneural_create.hpp"
#include "inlay/compat/rtneural_custom.hpp"
#include "inlay/compat/rtneural_dense.hpp"
#include "inlay/compat/rtneural_file.hpp"
#include "inlay/compat/rtneural_json.hpp"
#include "inlay/compat/rtneural_model.hpp"
#include "inlay/compat/rtneural_recurrent.hpp"
#include "inlay/compat/rtneural_torch.hpp"
#include "inlay/compat/rtneural_tuple.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/inlay.hpp"
#include "inlay/io/parse.hpp"
#include "inlay/io/read_model.hpp"

// What RTNeural's build defines, and buffers are declared with; inlay needs no alignment of them.
#ifndef RTNEURAL_DEFAULT_ALIGNMENT
#define RTNEURAL_DEFAULT_ALIGNMENT 16
#endif
#if !defined(RTNEURAL_NAMESPACE) && !defined(INLAY_NO_RTNEURAL_NAMESPACE)
#define RTNEURAL_NAMESPACE RTNeural
#endif

namespace inlay::INLAY_ISA::compat::rtneural {

/// a / b, rounded up.
template <typename T>
constexpr T ceil_div(T a, T b) {
  return (a + b - 1) / b;
}

/// RTNeural's model: an inlay::ModelT, all of which can be used as well, such as `process` and `load`.
template <typename T, int in_size, int out_size, typename... Layers>
class ModelT : public detail::ModelOfLayers<T, in_size, Layers...> {
  using Model = detail::ModelOfLayers<T, in_size, Layers...>;
  static_assert(std::same_as<T, typename Model::scalar>, "inlay: T must be the scalar type of the layers");
  static_assert(in_size == static_cast<int>(Model::in_size),
                "inlay: in_size must be the input size of the first layer");
  static_assert(out_size == static_cast<int>(Model::out_size),
                "inlay: out_size must be the output size of the last layer");
  static_assert(
      Model::one_to_one && Model::condition_size == 0,
      "inlay: RTNeural's interface has no side channels and one output frame for each input frame; use inlay::ModelT");

 public:
  static constexpr int input_size = in_size, output_size = out_size;

  using Model::forward;
  /// One frame of `in_size` values, of any alignment. Returns the first output; `getOutputs` has all of them.
  INLAY_INLINE T forward(const T* input) noexcept {
    if constexpr (Model::macs_per_sample < 512) Model::run_frame(Model::own_state(), input, outputs_);
    else called(input);
    return outputs_[0];
  }
  /// What the last `forward` of a pointer gave: `out_size` values.
  const T* getOutputs() const noexcept { return outputs_; }

  /// Layer number `Index`, with RTNeural's setters; or one of the user's own.
  template <int Index>
  auto& get() noexcept {
    return detail::user_layer(Model::template layer<std::size_t{Index}>());
  }
  template <int Index>
  const auto& get() const noexcept {
    return detail::user_layer(Model::template layer<std::size_t{Index}>());
  }

  /// All layers, as a tuple of references.
  auto getLayers() noexcept {
    Model& self = *this;
    return [&self]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tie(detail::user_layer(self.template layer<I>())...);
    }(std::make_index_sequence<sizeof...(Layers)>());
  }

  /// Loads what RTNeural's Keras script wrote, or an inlay file. Layers of the types that `custom_layers` lists are
  /// left as they are. Throws inlay::load_error, and then the model is as it was; otherwise resets the state. Nothing
  /// is printed: what RTNeural says in debug mode is in the error.
  void parseJson(const nlohmann::json& parent, bool /*debug*/ = false,
                 std::initializer_list<std::string> custom_layers = {}) {
    detail::fill(*this, detail::read(io::json_of(parent), custom_layers));
  }
  void parseJson(std::istream& stream, bool /*debug*/ = false, std::initializer_list<std::string> custom_layers = {}) {
    if (!stream) throw load_error("file", "a readable file", "none");
    detail::fill(*this, detail::read(io::parse(io::read_text(stream)), custom_layers));
  }

 private:
  /// Not inlined: larger layers dominate, and people call `forward` in several places for each of many types.
  INLAY_NOINLINE void called(const T* input) noexcept { Model::run_frame(Model::own_state(), input, outputs_); }

  alignas(alignment) T outputs_[padded_frame<T>(Model::out_size)]{};
};

template <typename T, int num_filters_in, int num_features_in, int num_filters_out, int num_features_out,
          typename... Layers>
using ModelT2D = ModelT<T, num_filters_in * num_features_in, num_filters_out * num_features_out, Layers...>;

}  // namespace inlay::INLAY_ISA::compat::rtneural

#ifndef INLAY_NO_RTNEURAL_NAMESPACE
namespace RTNEURAL_NAMESPACE = inlay::compat::rtneural;
#endif

/// Description: type, options and tensors of a layer. Used to compute its reference and to write its file.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "inlay/core/tensor.hpp"

namespace inlay::bench {

/// Visitor that records a layer's options, numbers and tensors (row-major).
struct Description {
  struct Values {
    std::vector<std::size_t> shape;
    std::vector<double> values;
  };
  std::string_view type;
  std::map<std::string_view, std::variant<bool, std::size_t, double, std::string>> options;
  std::map<std::string_view, Values> tensors;
  std::map<std::string_view, std::vector<Description>> chains;  ///< inner layers of a combinator

  void option(std::string_view name, const auto& value) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, bool>) options[name] = value;
    else if constexpr (std::is_convertible_v<decltype(value), std::size_t>) options[name] = std::size_t(value);
    else options[name] = std::string(value);
  }
  void number(std::string_view name, const auto& value) { options[name] = static_cast<double>(value); }
  template <Tensor X>
  void tensor(std::string_view name, const X& x) {
    const auto shape = x.shape();
    Values& to = tensors[name];
    to.shape.assign(shape.begin(), shape.end());
    for (std::size_t i = 0; i < size_of(x); ++i) to.values.push_back(static_cast<double>(x.get(i)));
  }
  void optional_tensor(std::string_view name, const auto& x, auto) { tensor(name, x); }
  void chain(std::string_view name, auto& layers, std::size_t = 0) {
    layers.for_each([&](auto i) { chains[name].push_back(of(layers.template layer<i>())); });
  }

  template <class Layer>
  static Description of(Layer& layer) {
    Description description;
    description.type = Layer::type;
    layer.visit(description);
    return description;
  }
};

/// Layers in sequence.
using Chain = std::vector<Description>;

}  // namespace inlay::bench

/// What every layer has to compute: straight loops in double precision, read straight from the definition.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "inlay/core/tensor.hpp"

namespace inlay::bench {

/// A signal: frames[t][c].
using Frames = std::vector<std::vector<double>>;

/// What a layer names when it is visited: its tensors, row-major, and its numbers as tensors of one value.
struct Description {
  std::string_view type;
  std::map<std::string_view, std::vector<double>> values;

  void option(std::string_view name, const auto& value) {
    if constexpr (std::is_convertible_v<decltype(value), double>) number(name, value);
  }
  void number(std::string_view name, const auto& value) { values[name] = {static_cast<double>(value)}; }
  template <Tensor X>
  void tensor(std::string_view name, const X& x) {
    for (std::size_t i = 0; i < size_of(x); ++i) values[name].push_back(static_cast<double>(x.get(i)));
  }
  void optional_tensor(std::string_view name, const auto& x, auto) { tensor(name, x); }
};

/// The output of the described layer for `in`, from the start of the signal.
Frames reference(const Description& layer, const Frames& in);

}  // namespace inlay::bench

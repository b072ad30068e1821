/// Values of RTNeural's setters, nested vectors, in the order of inlay's tensors. Included by rtneural.hpp.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/io/error.hpp"

namespace inlay::INLAY_ISA::compat::rtneural::detail {

template <class T>
using Rows = std::vector<std::vector<T>>;
template <class T>
using Planes = std::vector<Rows<T>>;

/// A setter and its layer, for messages of errors.
struct Setter {
  std::string name, layer;
};

/// Appends nested vectors, which must have these extents, to `flat`. Throws load_error.
template <class T, class V>
void flatten(const V& values, const std::size_t* extents, const Setter& setter, std::vector<T>& flat) {
  if constexpr (std::floating_point<V>) {
    flat.push_back(values);
  } else {
    if (values.size() != *extents)
      throw load_error(setter.name, io::concat({std::to_string(*extents), " entries"}), std::to_string(values.size()),
                       setter.layer);
    for (std::size_t i = 0; i < values.size(); ++i)
      flatten(values[i], extents + 1, {io::concat({setter.name, "[", std::to_string(i), "]"}), setter.layer}, flat);
  }
}

/// The values of a tensor of this shape, leading extents of 1 left out, whose axis i is axis `axes[i]` of the setter's
/// nested vectors. Throws load_error if these do not have its extents.
template <class T, class V>
std::vector<T> tensor_values(const V& values, std::span<const std::size_t> shape,
                             std::initializer_list<std::size_t> axes, const Setter& setter) {
  shape = shape.last(axes.size());
  std::size_t extents[4], strides[4], count = 1;
  const std::size_t* const axis = axes.begin();
  for (std::size_t i = 0; i < shape.size(); ++i) extents[axis[i]] = shape[i];
  for (std::size_t i = shape.size(); i-- > 0; count *= extents[i]) strides[i] = count;
  std::vector<T> flat;
  flat.reserve(count);
  flatten(values, extents, setter, flat);
  std::vector<T> ordered(count);
  for (std::size_t n = 0; n < count; ++n) {
    std::size_t rest = n, from = 0;
    for (std::size_t i = shape.size(); i-- > 0; rest /= shape[i]) from += rest % shape[i] * strides[axis[i]];
    ordered[n] = flat[from];
  }
  return ordered;
}

/// Reverses every kernel, the innermost vectors: setters have the present frame's value first, and inlay last.
template <class T>
void reverse_kernels(Planes<T>& weights) {
  for (Rows<T>& rows : weights)
    for (std::vector<T>& kernel : rows) std::reverse(kernel.begin(), kernel.end());
}

/// Rows of values that pointers point to.
template <class T>
Rows<T> rows_of(const T* const* values, int rows, std::size_t columns) {
  Rows<T> nested;
  for (int i = 0; i < rows; ++i) nested.emplace_back(values[i], values[i] + columns);
  return nested;
}

}  // namespace inlay::INLAY_ISA::compat::rtneural::detail

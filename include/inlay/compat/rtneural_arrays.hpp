/// Nested arrays of JSON as vectors. Included by rtneural.hpp.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "inlay/compat/rtneural_values.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/io/json_cursor.hpp"

namespace inlay::INLAY_ISA::compat::rtneural::detail {

template <class T>
void read(const io::JsonCursor& node, T& value, const std::size_t*) {
  value = static_cast<T>(node.number());
  if (!std::isfinite(value)) node.fail("a number in the range of the layer's scalar");
}

/// Nested arrays of exactly these extents.
template <class V>
void read(const io::JsonCursor& node, std::vector<V>& values, const std::size_t* shape) {
  if (node.size() != *shape) node.fail(io::concat({std::to_string(*shape), " entries"}));
  values.resize(*shape);
  for (std::size_t i = 0; i < *shape; ++i) read(node[i], values[i], shape + 1);
}

template <class Values, std::size_t N>
Values read(const io::JsonCursor& node, const std::size_t (&shape)[N]) {
  Values values;
  read(node, values, shape);
  return values;
}

/// An array of any length.
template <class T>
std::vector<T> read_vector(const io::JsonCursor& node) {
  return read<std::vector<T>>(node, {node.size()});
}

/// Rows become columns.
template <class T>
Rows<T> transposed(const Rows<T>& x) {
  Rows<T> y(x.empty() ? 0 : x.front().size(), std::vector<T>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < y.size(); ++j) y[j][i] = x[i][j];
  return y;
}

/// [a][b][c] becomes [c][b][a].
template <class T>
Planes<T> transposed(const Planes<T>& x) {
  Planes<T> y(x.front().front().size(), Rows<T>(x.front().size(), std::vector<T>(x.size())));
  for (std::size_t a = 0; a < x.size(); ++a)
    for (std::size_t b = 0; b < y.front().size(); ++b)
      for (std::size_t c = 0; c < y.size(); ++c) y[c][b][a] = x[a][b][c];
  return y;
}

/// The scalar that a call names or, where it names none, the layer's.
template <class T, class L>
struct ScalarOf {
  using type = T;
};
template <class L>
struct ScalarOf<void, L> {
  using type = typename L::scalar;
};
template <class T, class L>
using scalar_of = typename ScalarOf<T, L>::type;

inline std::size_t size(int number) { return static_cast<std::size_t>(number); }

}  // namespace inlay::INLAY_ISA::compat::rtneural::detail

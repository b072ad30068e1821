/// assign: sets tensors of a layer by name, for weights that do not come from a file.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

#include "inlay/core/compiler.hpp"
#include "inlay/core/tensor.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Visitor that sets the tensor or number called `name` to `values`.
template <class T>
struct Assign {
  std::string_view name;
  std::span<const T> values;
  bool done = false;

  constexpr void option(std::string_view, const auto&, std::size_t = 0) noexcept {}
  constexpr void require(bool, std::string_view, std::string_view) noexcept {}
  constexpr void number(std::string_view n, auto& variable) noexcept {
    if (n != name || values.size() != 1) return;
    variable = static_cast<std::remove_reference_t<decltype(variable)>>(values[0]);
    done = true;
  }
  template <Tensor X>
  constexpr void tensor(std::string_view n, X& x) noexcept {
    if (n != name || values.size() != size_of(x)) return;
    set_values(x, [&] {
      for (std::size_t i = 0; i < values.size(); ++i) x.set(i, static_cast<typename X::value_type>(values[i]));
    });
    done = true;
  }
  constexpr void optional_tensor(std::string_view n, auto& x, auto) noexcept { tensor(n, x); }
  constexpr void chain(std::string_view, auto&, std::size_t = 0) noexcept {}  // nested layers are assigned one by one
};

/// Calls `layer.prepare()` if it exists.
template <class L>
constexpr void prepare(L& layer) noexcept {
  if constexpr (requires { layer.prepare(); }) layer.prepare();
}

}  // namespace detail

/// Sets a tensor or number of a layer. `values` are in row-major order, in the shape that the layer's documentation
/// gives. Returns false and changes nothing if the layer has no such tensor or if the number of values differs. Must
/// not run concurrently with `forward` or `process`.
template <class L, class T>
[[nodiscard]] constexpr bool assign(L& layer, std::string_view name, std::span<const T> values) noexcept {
  detail::Assign<T> visitor{name, values};
  layer.visit(visitor);
  if (visitor.done) detail::prepare(layer);
  return visitor.done;
}

template <class L, class T, std::size_t N>
[[nodiscard]] constexpr bool assign(L& layer, std::string_view name, const T (&values)[N]) noexcept {
  return assign(layer, name, std::span<const T>(values));
}

}  // namespace inlay::INLAY_ISA

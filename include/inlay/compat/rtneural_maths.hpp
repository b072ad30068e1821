/// RTNeural's MathsProvider, of which inlay needs none. Included by rtneural.hpp.
#pragma once

#include <cmath>
#include <concepts>
#include <type_traits>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

/// The functions are for a user's code. Layers compute those of their backend, whatever provider they are given.
struct DefaultMathsProvider {
  template <typename T>
  static T tanh(T x) {
    return std::tanh(x);
  }
  template <typename T>
  static T sigmoid(T x) {
    return T(1) / (T(1) + std::exp(-x));
  }
  template <typename T>
  static T exp(T x) {
    return std::exp(x);
  }
};

namespace detail {

template <class Provider>
[[deprecated(
    "inlay: a MathsProvider of your own is not used, inlay's tanh, sigmoid and exp are accurate and vectorised "
    "(docs/from-rtneural.md)")]]
constexpr bool maths_provider_is_not_used() {
  return true;
}

/// Base of the layers that have a MathsProvider in RTNeural. One of the user's own gives one deprecation warning for
/// all layers of a source file: this is instantiated once.
template <bool Own>
struct WithMaths {
  static_assert(maths_provider_is_not_used<std::bool_constant<Own>>());
};
template <>
struct WithMaths<false> {};
template <class Maths>
using Provided = WithMaths<!std::same_as<Maths, DefaultMathsProvider>>;

}  // namespace detail

}  // namespace inlay::INLAY_ISA::compat::rtneural

/// The types in which backends store weights.
#pragma once

#include <concepts>
#include <cstdint>

#include "inlay/core/bfloat16.hpp"
#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

/// Integers that store weights. All weights of one output share a scale: weight = integer * scale, and scale = largest
/// magnitude / largest integer. The largest weight of an output is then exact, and the others are rounded to a multiple
/// of the scale. Sums and signals stay in single precision, and biases are not rounded.
///
/// As a backend's third parameter `std::int8_t` takes a quarter of the memory of floats, and `std::int16_t` half.
template <class Weight>
concept IntegerWeight = std::same_as<Weight, std::int8_t> || std::same_as<Weight, std::int16_t>;

/// Storage types of weights for a backend on T: T itself; if T is float also bfloat16, std::int16_t and std::int8_t.
template <class Weight, class T>
concept StoredWeight =
    std::same_as<Weight, T> || ((std::same_as<Weight, bfloat16> || IntegerWeight<Weight>) && std::same_as<T, float>);

/// Tolerance of a file's check for integer weights, as `bfloat16::lossy_bound`.
template <IntegerWeight Weight>
inline constexpr double integer_lossy_bound = sizeof(Weight) == 1 ? 5e-2 : 5e-4;

namespace detail {

template <class B>
struct WeightOf {
  using type = typename B::scalar;
};
template <class B>
  requires requires { typename B::weight; }
struct WeightOf<B> {
  using type = typename B::weight;
};

}  // namespace detail

/// The type in which backend B stores weights: `B::weight` if it exists, else `B::scalar`.
template <class B>
using weight_of = typename detail::WeightOf<B>::type;

}  // namespace inlay::INLAY_ISA

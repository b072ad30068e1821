/// Extent: static and dynamic sizes.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_shape.hpp"

namespace inlay::INLAY_ISA {

/// A size that is known at run time only. Layers of dynamic sizes read them from the file.
inline constexpr std::size_t dynamic = unbounded - 1;

/// A size, static if N is a number. `Of` is a tag that makes types distinct, so that several empty extents of a class
/// share an address.
template <std::size_t N, class Of = void>
struct Extent {
  // Not defaulted: of a static object with an empty part, GCC 12 leaves out what shares an address with that part,
  // unless the part has a constructor.
  constexpr Extent() noexcept {}  // NOLINT(modernize-use-equals-default)
  constexpr operator std::size_t() const noexcept { return N; }
};
/// A size that is known at run time only.
template <>
struct Extent<dynamic> {
  constexpr operator std::size_t() const noexcept { return value; }
  std::size_t value = 0;
};
template <class Of>
struct Extent<dynamic, Of> : Extent<dynamic> {};

/// The same size without its tag, to instantiate large functions once per size.
template <std::size_t N, class Of>
constexpr Extent<N> untagged(Extent<N, Of> extent) noexcept {
  if constexpr (N == dynamic) return {extent.value};
  else return {};
}

/// An extent of a layer, distinct from the extents of its tensors.
template <std::size_t N>
using LayerExtent = Extent<N, struct OfLayer>;

/// A * B, or `dynamic` if one of them is.
template <std::size_t A, std::size_t B>
inline constexpr std::size_t times = A == dynamic || B == dynamic ? dynamic : A * B;
/// A + B, or `dynamic` if one of them is.
template <std::size_t A, std::size_t B>
inline constexpr std::size_t sum_of = A == dynamic || B == dynamic ? dynamic : A + B;

}  // namespace inlay::INLAY_ISA

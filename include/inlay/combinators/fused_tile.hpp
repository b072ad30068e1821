/// FusedTile: layers of a chain that one pass over a tile computes, on processors without vectors.
#pragma once

#include <cmath>
#include <cstddef>
#include <tuple>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/tile_runs.hpp"
#include "inlay/layers/leaky_relu.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA::detail {

/// The product V of a layer x + V condition. `Mixin` specialises it.
template <class L>
struct MixedProduct {
  static constexpr bool exists = false;
};

/// The function of a pointwise layer, for `multiply_tile_in_runs`.
template <class L>
struct PointwiseFunction {
  const L& layer;
  INLAY_INLINE void operator()(auto&& store) const noexcept {
    store([&](typename L::scalar x, std::size_t channel)
              INLAY_INLINE_LAMBDA { return layer.apply(x, LanesAcrossFrames<typename L::backend>{channel}); });
  }
};
/// A leaky rectifier is a maximum if its slope is at most 1: two instructions, instead of four and a wait for flags.
template <std::size_t Size, Backend B>
struct PointwiseFunction<LeakyReLU<Size, B>> {
  using T = typename B::scalar;
  T alpha;
  explicit PointwiseFunction(const LeakyReLU<Size, B>& layer) : alpha(layer.alpha) {}
  INLAY_INLINE void operator()(auto&& store) const noexcept {
    if (compiler::has_fmax && alpha <= T(1))
      store([a = alpha](T x, std::size_t) INLAY_INLINE_LAMBDA { return std::fmax(x, a * x); });
    else store([a = alpha](T x, std::size_t) INLAY_INLINE_LAMBDA { return x < T(0) ? a * x : x; });
  }
};
template <class L>
concept AppliesPointwise =
    requires(const L& layer, typename L::scalar x) { layer.apply(x, LanesAcrossFrames<typename L::backend>{0}); };

/// True if layer L can compute a function of its output, and of a further product, see `BasicConv1D::process_then`.
template <class L>
concept ComputesMore = requires(const L& layer, typename L::State& state, Block<const typename L::scalar> in,
                                Block<typename L::scalar> out,
                                std::size_t frames) { layer.process_then(state, in, out, frames, NoFunction{}); };

/// Number of the `Layers` from I on that one pass computes: a product; or a product and a pointwise layer; or these
/// with a `Mixin` of one product between.
template <std::size_t I, class... Layers>
constexpr std::size_t fused_layers() {
  if constexpr (I + 1 < sizeof...(Layers)) {
    using All = std::tuple<Layers...>;
    using Next = std::tuple_element_t<I + 1, All>;
    if constexpr (ComputesMore<std::tuple_element_t<I, All>>) {
      if constexpr (AppliesPointwise<Next>) return 2;
      if constexpr (I + 2 < sizeof...(Layers) && MixedProduct<Next>::exists)
        if constexpr (AppliesPointwise<std::tuple_element_t<I + 2, All>>) return 3;
    }
  }
  return 1;
}

/// True if layer I is computed together with an earlier one.
template <std::size_t I, class... Layers>
constexpr bool is_fused_into_earlier() {
  if constexpr (I >= 1)
    if constexpr (fused_layers<I - 1, Layers...>() > 1) return true;
  if constexpr (I >= 2)
    if constexpr (fused_layers<I - 2, Layers...>() > 2) return true;
  return false;
}

}  // namespace inlay::INLAY_ISA::detail
